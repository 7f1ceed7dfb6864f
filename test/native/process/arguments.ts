// What the boundary refuses, and what it takes.
import t from 'tap'
import { native } from '../../../lib/native.js'

const { cgroup, process: room } = native
const untyped = room as unknown as Record<string, (...args: unknown[]) => unknown>
const top = t.testdir({ web: { 'cgroup.procs': `${process.pid}\n0\nnonsense\n` } })
const handle = cgroup.open([{ version: 2, controllers: [], mountpoint: top }])

t.test('each function says which argument is wrong', (t) => {
  const good: Record<string, unknown[]> = {
    inCgroups: [handle, ['web'], true],
    ofHost: [handle, ['web'], true, true],
    ofPids: [handle, ['web'], true, [1]],
  }
  t.same(Object.keys(room), Object.keys(good))
  for (const [name, args] of Object.entries(good)) {
    for (let i = 0; i < args.length; i++) {
      for (const bad of [undefined, null, Symbol('no'), {}]) {
        t.throws(
          () => untyped[name]?.(...args.with(i, bad)),
          {
            name: 'TypeError',
            message: new RegExp(`^process\\.${name}\\.args\\[${i}\\]: expected `),
          },
          `${name}, argument ${i}: ${typeof bad}`,
        )
      }
    }
  }
  t.throws(() => untyped['inCgroups']?.(handle, [1], true), /args\[1\]\[0\]: expected string/)
  t.throws(() => untyped['ofPids']?.(handle, [], true, [1.5]), /args\[3\]\[0\]: expected/)
  t.end()
})

t.test('paths that lead out are none', async (t) => {
  for (const path of ['/web', 'web/../..', '']) {
    await t.rejects(room.inCgroups(handle, [path], true), { code: 'EINVAL' }, path)
  }
})

t.test('what a list names and /proc puts elsewhere is not in there', async (t) => {
  t.same(await room.inCgroups(handle, ['web', 'none'], true), {
    numbers: Buffer.alloc(0),
    texts: [],
  })
})

t.test('numbers that no process has', async (t) => {
  const { numbers, texts } = await room.ofPids(handle, [], true, [0, -1, 2 ** 31 - 1, process.pid])
  t.equal(numbers.length, 15 * 8)
  t.equal(texts.length, 2)
  t.match(texts[1], /node/)
})

t.test('without any hierarchy, and after it was closed', async (t) => {
  const none = cgroup.open([])
  const all = room.ofHost(none, ['web'], false, true)
  cgroup.close(none)
  const { texts } = await all
  const again = cgroup.open([])
  t.same((await room.ofHost(again, ['web'], false, false)).texts, [])
  cgroup.close(again)
  t.ok(texts.length > 2)
  t.ok(texts.every((text, index) => index % 2 === 0 || text === ''), 'no commands')
  t.throws(() => room.ofHost(none, [], true, true), { code: 'ERR_CLOSED' })
})
