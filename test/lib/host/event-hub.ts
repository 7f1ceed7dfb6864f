// Who is told what was missed hears of everything once and in order, whatever happens meanwhile.
import { setImmediate as turn } from 'node:timers/promises'
import t from 'tap'
import { EventHub } from '../../../dist/host/event-hub.js'
import type { HostEvent } from '../../../dist/host/events.js'
import { EventQueue, gapOf } from '../../../dist/keeper/events.js'
import type { Keeper } from '../../../dist/keeper/keeper.js'
import type { KeeperEvent } from '../../../dist/keeper/types.js'

const LAST = 200
const which = { pool: 'tank', id: 'ct' }
const event = (seq: number, epoch = 'a'): KeeperEvent => {
  return { type: 'ready', epoch, seq, time: 0, status: '', ...which }
}
const range = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index)

/** A hub that has heard of all events up to the last one, and a keeper that is asked for them. */
function place(epoch = 'a') {
  const hub = new EventHub()
  hub.begin({ epoch: 'a', seq: 0 })
  for (const seq of range(1, LAST)) hub.publish(event(seq))
  const asked: number[] = []
  let left = 0
  const past = new EventQueue<KeeperEvent>(16_384, gapOf, () => left++)
  const events = ({ seq }: { seq: number }) => {
    asked.push(seq)
    return past
  }
  const keeper = () => Promise.resolve({ epoch, events } as unknown as Keeper)
  return { hub, keeper, past, asked, left: () => left }
}

const short = (one: HostEvent): string => {
  if (one.type === 'gap') return `${one.epoch}${one.seq}: ${one.from} to ${one.to}`
  return one.type === 'ready' ? `${one.epoch}${one.seq}` : `${one.type} ${one.epoch}${one.seq}`
}
async function read(events: AsyncIterator<HostEvent>, count: number): Promise<string[]> {
  const told: string[] = []
  while (told.length < count) {
    const next: IteratorResult<HostEvent, undefined> = await events.next()
    if (next.done === true) break
    told.push(short(next.value))
  }
  return told
}
const ready = (from: number, to: number, epoch = 'a') =>
  range(from, to).map((seq) => `${epoch}${seq}`)

t.test('own events come after what they follow', async (t) => {
  const { hub, keeper, past, asked, left } = place()
  const events = hub.subscribe(keeper, { epoch: 'a', seq: 1 }, undefined)
  hub.emit({ type: 'created', ...which })
  hub.publish(event(LAST + 1))
  hub.emit({ type: 'deleted', ...which })
  await turn()
  // The keeper tells it what is new, too.
  for (const seq of range(2, LAST + 1)) past.push(event(seq))
  await turn()
  hub.publish(event(LAST + 2))
  const wanted = [...ready(2, LAST), `created a${LAST}`, `a${LAST + 1}`]
  wanted.push(`deleted a${LAST + 1}`, `a${LAST + 2}`)
  t.same(await read(events, wanted.length), wanted)
  t.same(asked, [1])
  t.equal(left(), 1, 'its connection has gone')
  hub.close(() => new Error('closed'))
  t.match(await events.next(), { done: true }, 'and no more')
})

t.test('who has missed nothing is told of what is new alone', async (t) => {
  const { hub, keeper, asked } = place()
  const events = hub.subscribe(keeper, { epoch: 'a', seq: LAST }, undefined)
  hub.emit({ type: 'created', ...which })
  t.same(await read(events, 1), [`created a${LAST}`])
  const first = new EventHub()
  first.begin({ epoch: 'a', seq: 0 })
  const fresh = first.subscribe(keeper, { epoch: '', seq: 0 }, undefined)
  first.emit({ type: 'created', ...which })
  t.same(await read(fresh, 1), ['created a0'])
  t.same(asked, [])
})

t.test('a keeper that ends meanwhile', async (t) => {
  const { hub, keeper, past } = place()
  const events = hub.subscribe(keeper, { epoch: 'a', seq: 1 }, undefined)
  hub.emit({ type: 'created', ...which })
  for (const seq of range(2, 50)) past.push(event(seq))
  past.end()
  hub.gap('b')
  hub.publish(event(1, 'b'))
  const wanted = [...ready(2, 50), `a${LAST}: 51 to ${LAST}`, `created a${LAST}`]
  wanted.push('b0: 0 to 0', 'b1')
  t.same(await read(events, wanted.length), wanted)
})

t.test('another keeper, before any of it was told', async (t) => {
  const { hub, keeper, asked } = place('b')
  const events = hub.subscribe(keeper, { epoch: 'a', seq: 1 }, undefined)
  hub.gap('b')
  hub.publish(event(1, 'b'))
  t.same(await read(events, 3), [`a${LAST}: 2 to ${LAST}`, 'b0: 0 to 0', 'b1'])
  t.same(asked, [], 'it knows nothing of that')
})

t.test('a position of an earlier keeper, and past events that are lost', async (t) => {
  const { hub, keeper, past } = place()
  const events = hub.subscribe(keeper, { epoch: 'long ago', seq: 9 }, undefined)
  past.push({ type: 'gap', epoch: 'a', seq: 0, time: 0, from: 0, to: 90 })
  for (const seq of range(91, LAST)) past.push(event(seq))
  t.same(await read(events, LAST - 89), ['a0: 0 to 90', ...ready(91, LAST)])
  const late = place()
  const others = late.hub.subscribe(late.keeper, { epoch: 'a', seq: 5 }, undefined)
  late.past.push({ type: 'gap', epoch: 'a', seq: 5, time: 0, from: 6, to: LAST + 7 })
  late.hub.publish(event(LAST + 1))
  t.same(await read(others, 2), [`a5: 6 to ${LAST}`, `a${LAST + 1}`])
})

t.test('who does not read loses the oldest, and is told which', async (t) => {
  const { hub, keeper } = place()
  const events = hub.subscribe(keeper, undefined, undefined)
  for (const seq of range(LAST + 1, LAST + 16_384 + 5)) hub.publish(event(seq))
  const gap = `a${LAST + 5}: ${LAST + 1} to ${LAST + 5}`
  t.same(await read(events, 2), [gap, `a${LAST + 6}`], 'and can go on after that')
})

t.test('one who leaves while the past is told', async (t) => {
  const { hub, keeper, past, left } = place()
  const controller = new AbortController()
  const events = hub.subscribe(keeper, { epoch: 'a', seq: 1 }, controller.signal)
  past.push(event(2))
  t.same(await read(events, 1), ['a2'])
  controller.abort()
  t.match(await events.next(), { done: true })
  t.equal(left(), 1)
})
