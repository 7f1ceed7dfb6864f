// Work on the pools: what it resolves to, how it fails, and what it does not hold up.
import { stat } from 'node:fs/promises'
import { SystemError } from '../../../dist/errors.js'
import { loadSelftest } from '../../helpers/selftest.js'
import { requires } from '../../helpers/requires.js'

const t = requires('selftest')
const selftest = loadSelftest()

/** Which of them comes to its end first: on any machine, however slow it is. */
function firstOf(works: Readonly<Record<string, Promise<unknown> | undefined>>): Promise<string> {
  const named = Object.entries(works).map(async ([name, work]) => {
    await work
    return name
  })
  return Promise.race(named)
}

for (const lane of ['run', 'slow', 'tree'] as const) {
  t.test(`${lane} resolves and rejects`, async (t) => {
    t.equal(await selftest[lane](0, 7), 7)
    await t.rejects(selftest[lane](0, -16), {
      name: 'SystemError',
      message: "EBUSY: resource busy or locked, work '/selftest'",
      code: 'EBUSY',
      errno: -16,
      syscall: 'work',
      path: '/selftest',
    })
    await t.rejects(selftest[lane](0, -16), SystemError, 'the exported class')
  })
}

t.test('what throws while it is converted, rejects', async (t) => {
  await t.rejects(selftest.badConvert(), { name: 'RangeError', message: 'from convert' })
})

t.test('eight slow calls at a time, all of them in the end', async (t) => {
  selftest.counters()
  const results = await Promise.all(Array.from({ length: 40 }, (_, i) => selftest.slow(5, i)))
  t.strictSame(
    results,
    Array.from({ length: 40 }, (_, i) => i),
  )
  t.equal(selftest.counters().most, 8)
})

t.test('whole trees, four at a time, hold up no slow call', async (t) => {
  const trees = Array.from({ length: 12 }, () => selftest.tree(300, 0))
  t.equal(await firstOf({ slow: selftest.slow(0, 0), tree: Promise.race(trees) }), 'slow')
  await Promise.all(trees)
  selftest.counters()
  await Promise.all(Array.from({ length: 12 }, (_, i) => selftest.tree(20, i)))
  t.equal(selftest.counters().most, 4)
})

t.test('slow calls leave the pool of fs and dns alone', async (t) => {
  const slow = Array.from({ length: 8 }, () => selftest.slow(300, 0))
  t.equal(await firstOf({ stat: stat('/'), slow: Promise.race(slow) }), 'stat')
  await Promise.all(slow)
})

t.test('calls of one queue run one after the other, in order', async (t) => {
  const thing = selftest.thing()
  selftest.counters()
  const order: number[] = []
  await Promise.all(
    [3, 2, 1, 0].map(async (milliseconds) => {
      order.push(await selftest.inQueue(thing, milliseconds, milliseconds))
    }),
  )
  t.strictSame(order, [3, 2, 1, 0])
  t.equal(selftest.counters().most, 1)
  selftest.close(thing)
})

t.test('a queue that is stuck holds one thread and nobody else', async (t) => {
  const stuck = selftest.thing()
  const others = Array.from({ length: 20 }, () => selftest.inQueue(stuck, 40, 0))
  const seven = Promise.all(Array.from({ length: 7 }, () => selftest.slow(1, 0)))
  t.equal(await firstOf({ seven, tenth: others[9] }), 'seven', 'as many threads were free')
  await Promise.all([seven, ...others])
  selftest.close(stuck)
})

t.test('a failure in a queue does not stop it', async (t) => {
  const thing = selftest.thing()
  const first = selftest.inQueue(thing, 0, -5)
  const second = selftest.inQueue(thing, 0, 2)
  await t.rejects(first, { code: 'EIO' })
  t.equal(await second, 2)
  selftest.close(thing)
})

t.test('close while busy: the call ends, then the thing goes', async (t) => {
  const thing = selftest.thing()
  const { things } = selftest.counters()
  const call = selftest.inQueue(thing, 30, 1)
  const waiting = selftest.inQueue(thing, 0, 2)
  selftest.close(thing)
  t.equal(selftest.counters().things, things, 'still in use')
  t.throws(() => void selftest.inQueue(thing, 0, 3), { code: 'ERR_CLOSED' })
  t.equal(await call, 1)
  t.equal(await waiting, 2, 'what had been called before the close')
  await new Promise((resolve) => setTimeout(resolve, 20))
  t.equal(selftest.counters().things, things - 1, 'gone')
})
