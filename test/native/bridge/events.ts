// Events from the waiting thread: their order, the bounded queue, and the end of a subscription.
import { once } from 'node:events'
import type { Test } from 'tap'
import { loadSelftest, ring, type Ring } from '../../helpers/selftest.js'
import { requires } from '../../helpers/requires.js'

const t = requires('selftest')
const selftest = loadSelftest()

/** Listens until `enough` of what came; ends with the test. */
function listen(t: Test, drop: boolean, limit: number) {
  const fd = selftest.eventFd()
  const seen: Ring[] = []
  let wake = (): void => undefined
  const listening = selftest.listen(fd, drop, limit, true, (event) => {
    seen.push(event)
    wake()
  })
  t.teardown(() => {
    selftest.unlisten(listening)
  })
  const until = async (enough: () => boolean): Promise<void> => {
    while (!enough()) {
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
  }
  return { fd, seen, listening, until }
}

/** Holds the JavaScript thread up, so that events pile up. */
function block(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds)
}

t.test('in order', async (t) => {
  const { fd, seen, until } = listen(t, false, 64)
  for (let i = 0; i < 10; i++) ring(fd, 3)
  await until(() => seen.length === 30)
  t.strictSame(
    seen.map((event) => event.type === 'ring' && event.number),
    Array.from({ length: 30 }, (_, i) => i + 1),
  )
})

t.test('with `pause` nothing is lost, however slow JavaScript is', async (t) => {
  const { fd, seen, until } = listen(t, false, 4)
  for (let i = 0; i < 50; i++) {
    ring(fd, 2)
    if (i % 10 === 0) block(5)
  }
  await until(() => seen.length === 100)
  t.ok(seen.every(({ type }) => type === 'ring'))
})

t.test('with `drop` the gap is told, where it is and how large', async (t) => {
  const { fd, seen, until } = listen(t, true, 4)
  ring(fd, 10)
  await until(() => seen.length > 4)
  ring(fd, 1)
  await until(() => seen.length > 5)
  t.strictSame(seen, [
    { type: 'ring', number: 1 },
    { type: 'ring', number: 2 },
    { type: 'ring', number: 3 },
    { type: 'ring', number: 4 },
    { type: 'lost', count: 6 },
    { type: 'ring', number: 11 },
  ])
})

t.test('every event is seen or counted', async (t) => {
  const { fd, seen, until } = listen(t, true, 8)
  const rings = 500
  for (let i = 0; i < rings; i++) {
    ring(fd, 1 + (i % 20))
    if (i % 7 === 0) await new Promise(setImmediate)
  }
  const total = Array.from({ length: rings }, (_, i) => 1 + (i % 20)).reduce((a, b) => a + b)
  const accounted = (): number =>
    seen.reduce((sum, event) => sum + (event.type === 'lost' ? event.count : 1), 0)
  await until(() => accounted() === total)
  t.ok(
    seen.some(({ type }) => type === 'lost'),
    'and some were lost',
  )
})

t.test('closed in its own callback, it is not called again', async (t) => {
  const fd = selftest.eventFd()
  let calls = 0
  await new Promise<void>((resolve) => {
    const listening = selftest.listen(fd, false, 64, true, () => {
      calls++
      selftest.unlisten(listening)
      selftest.unlisten(listening)
      resolve()
    })
    ring(fd, 5)
  })
  await new Promise((resolve) => setTimeout(resolve, 20))
  t.equal(calls, 1)
})

t.test('a callback that throws does not keep the others from being called', async (t) => {
  const { fd, seen, until } = listen(t, false, 64)
  const bad = selftest.eventFd()
  const listening = selftest.listen(bad, false, 64, true, ({ type }) => {
    throw new Error(`from the callback of ${type}`)
  })
  t.teardown(() => {
    selftest.unlisten(listening)
  })
  // tap would count it as a failure: hers are put aside for this moment.
  const handlers = process.listeners('uncaughtException')
  process.removeAllListeners('uncaughtException')
  const caught = once(process, 'uncaughtException') as Promise<[Error]>
  ring(bad, 1)
  ring(fd, 1)
  const [error] = await caught
  for (const handler of handlers) process.on('uncaughtException', handler)
  t.equal(error.message, 'from the callback of ring')
  await until(() => seen.length === 1)
  t.pass('the other was called')
})

t.test('a descriptor that epoll does not take', (t) => {
  t.throws(() => selftest.listen(1 << 20, false, 1, false, () => undefined), {
    code: 'EBADF',
    syscall: 'epoll_ctl',
  })
  t.end()
})

t.test('many at once, closed in any order', async (t) => {
  const all = Array.from({ length: 200 }, () => listen(t, false, 2))
  for (const { fd } of all) ring(fd, 5)
  await Promise.all(all.map(({ seen, until }) => until(() => seen.length === 5)))
  for (const { listening } of all.reverse()) selftest.unlisten(listening)
  t.pass()
})
