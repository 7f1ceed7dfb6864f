// What the boundary refuses: wrong types by name, wrong handles, closed handles.
import t from 'tap'
import { native } from '../../../lib/native.js'

const { cgroup, ns } = native
const untyped = cgroup as unknown as Record<string, (...args: unknown[]) => unknown>

t.test('each function says which argument is wrong', (t) => {
  const top = t.testdir()
  const handle = cgroup.open([{ version: 2, controllers: [], mountpoint: top }])
  const good: Record<string, unknown[]> = {
    create: [handle, 'a', false],
    remove: [handle, 'a', 0],
    join: [handle, 'a', 0],
    write: [handle, 'a', 'b', 'c', 'd'],
    read: [handle, 'a', 'b', 'c'],
    kill: [handle, 'a', 0],
    freeze: [handle, 'a', 0],
    thaw: [handle, 'a', true],
    frozen: [handle, 'a'],
    procs: [handle, 'a'],
    exists: [handle, 'a'],
    stats: [handle, 'a', ['memory'], false],
    oomKills: [handle, 'a'],
    watch: [handle, 'a', false, () => undefined],
    list: [handle],
  }
  for (const [name, args] of Object.entries(good)) {
    for (let i = 0; i < args.length; i++) {
      for (const bad of [undefined, null, Symbol('no'), {}]) {
        const wrong = args.with(i, bad)
        t.throws(
          () => untyped[name]?.(...wrong),
          {
            name: 'TypeError',
            message: new RegExp(`^cgroup\\.${name}\\.args\\[${i}\\]: expected `),
          },
          `${name}, argument ${i}: ${typeof bad}`,
        )
      }
    }
  }
  cgroup.close(handle)
  t.end()
})

t.test('a field of a record, and an item of a list', (t) => {
  const open = untyped['open'] as (list: unknown) => unknown
  const hierarchy = { version: 2, controllers: [], mountpoint: '/' }
  t.throws(() => open([{ ...hierarchy, version: '2' }]), /args\[0\]\[0\]\.version: expected/)
  t.throws(() => open([hierarchy, { ...hierarchy, controllers: [1] }]), /\[1\]\.controllers\[0\]/)
  t.throws(() => open([{ ...hierarchy, mountpoint: undefined }]), /\.mountpoint: expected string/)
  t.throws(() => open('/'), /args\[0\]: expected array/)
  t.end()
})

t.test('a handle of another type, and a closed one', (t) => {
  const stop = ns.newStop()
  t.throws(() => untyped['list']?.(stop), /expected handle of type cgroup.Hierarchies/)
  ns.stop(stop)
  const handle = cgroup.open([])
  cgroup.close(handle)
  cgroup.close(handle)
  t.throws(() => cgroup.list(handle), { name: 'ClosedError', code: 'ERR_CLOSED' })
  t.throws(() => cgroup.create(handle, 'a', true), { code: 'ERR_CLOSED' })
  t.end()
})

t.test('closing while work is under way does not take it away', async (t) => {
  const top = t.testdir()
  const handle = cgroup.open([{ version: 2, controllers: [], mountpoint: top }])
  const created = cgroup.create(handle, 'a/b/c', false)
  cgroup.close(handle)
  await created
})

t.test('no hierarchies: nothing exists, nothing fails that needs none', async (t) => {
  const handle = cgroup.open([])
  await cgroup.create(handle, 'a', true)
  await cgroup.remove(handle, 'a', 0)
  await cgroup.kill(handle, 'a', 0)
  t.same(await cgroup.exists(handle, 'a'), [])
  const doubles = await cgroup.stats(handle, 'a\nb', ['memory', 'pids'], true)
  t.equal(doubles.length, 2 * 2 * 8)
  for (let at = 0; at < doubles.length; at += 8) t.ok(Number.isNaN(doubles.readDoubleLE(at)))
  await t.rejects(cgroup.procs(handle, 'a'), { code: 'ENOENT' })
  await t.rejects(cgroup.read(handle, 'a', '', 'cgroup.procs'), { code: 'ENODEV' })
  await t.rejects(cgroup.oomKills(handle, 'a'), { code: 'ENODEV' })
  cgroup.close(handle)
})
