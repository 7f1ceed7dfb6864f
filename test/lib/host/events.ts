// What happens is told, in order, and again to who asks for it.
import { readdirSync } from 'node:fs'
import type { HostEvent } from 'vpsadminos'
import { busybox, first, startedContainer, temporaryHost } from '../../helpers/host.js'
import { until } from '../../helpers/keeper-host.js'
import { requires } from '../../helpers/requires.js'

const t = requires('root', 'userns', 'liblxc', 'cgroup', 'busybox')
const host = await temporaryHost(t)

const words = (event: HostEvent): string => {
  switch (event.type) {
    case 'state':
      return `${event.id} ${event.state}`
    case 'exit':
      return `${event.id} ${event.type} ${event.reason}`
    case 'gap':
      return 'gap'
    default:
      return `${event.id} ${event.type}`
  }
}

async function toldUntil(
  events: AsyncIterable<HostEvent>,
  isLast: (event: HostEvent) => boolean,
): Promise<HostEvent[]> {
  const told: HostEvent[] = []
  for await (const event of events) {
    told.push(event)
    if (isLast(event)) break
  }
  return told
}

await t.test('past events end with their reader, and a wrong position is told', async (t) => {
  t.throws(() => host.events({ since: 'yesterday' as never }), { code: 'ERR_INVALID_ARGUMENT' })
  await host.events({ since: null }).return?.()
  const before = readdirSync('/proc/self/fd').length
  for (let i = 0; i < 10; i++) {
    const past = host.events({ since: { epoch: 'another', seq: 0 } })
    t.match((await past.next()).value, { type: 'gap' })
    await past.return?.()
  }
  await until(() => readdirSync('/proc/self/fd').length < before + 5)
  t.pass('their connections end with them')
})

await t.test('the life of a container', async (t) => {
  const seen: HostEvent[] = []
  const controller = new AbortController()
  const events = host.events({ signal: controller.signal })
  const reading = (async () => {
    for await (const event of events) seen.push(event)
  })()
  const ct = await host.containers.create({ id: 'one', image: busybox })
  await ct.start()
  await ct.set({ memoryLimit: '64 MiB' })
  await ct.freeze()
  await ct.thaw()
  await (
    await ct.spawn(['true'])
  ).exit
  await ct.stop({ method: 'kill' })
  await ct.rename('uno')
  await ct.delete()
  controller.abort()
  await reading
  const told = seen.map(words)
  const wanted = [
    'one created',
    'one starting',
    'one running',
    'one changed',
    'one frozen',
    'one frozen',
    'one session',
    'one exit signal',
    'one stopped',
    'uno renamed',
    'uno deleted',
  ]
  t.same(
    told.filter((word) => wanted.includes(word)),
    wanted,
  )
  for (const event of seen) t.match(event, { epoch: String, seq: Number, time: Number })
  const numbers = seen.map(({ seq }) => seq)
  t.same(
    numbers,
    [...numbers].sort((a, b) => a - b),
    'numbers only rise',
  )
})

await t.test('who comes back is told what was missed', async (t) => {
  const watching = first(host.events(), ({ type }) => type === 'state')
  const ct = await startedContainer(host, { id: 'two' })
  const { epoch, seq } = await watching
  await ct.stop({ method: 'kill' })
  const missed: string[] = []
  for await (const event of host.events({ since: { epoch, seq } })) {
    t.ok(event.seq > seq)
    missed.push(words(event))
    if (words(event) === 'two stopped') break
  }
  t.ok(missed.includes('two running'))
  t.ok(missed.includes('two exit signal'))
  await ct.delete()
  const gap = await first(host.events({ since: { epoch: 'long ago', seq: 5 } }), () => true)
  t.equal(gap.type, 'gap')
})

await t.test('what happens while the past is told comes after it', async (t) => {
  const watching = first(host.events(), ({ type }) => type === 'state')
  const ct = await startedContainer(host, { id: 'three' })
  const { epoch, seq } = await watching
  for (let batch = 0; batch < 20; batch++) {
    await Promise.all(Array.from({ length: 10 }, async () => (await ct.spawn(['true'])).exit))
  }
  const { pool } = ct.show()
  const own = { type: 'changed', pool, id: 'three', settings: ['one'] } as const
  const past = host.events({ since: { epoch, seq } })
  ct.record.host.emit(own)
  ct.record.host.emit({ ...own, settings: ['last'] })
  const isLast = (event: HostEvent) => event.type === 'changed' && event.settings[0] === 'last'
  const told = await toldUntil(past, isLast)
  const numbers = told.map((event) => event.seq)
  t.equal(told.filter(({ type }) => type === 'session').length, 200)
  const of = (events: readonly HostEvent[]) =>
    events.filter(({ type }) => type !== 'changed').map((event) => event.seq)
  t.same(
    of(told),
    Array.from(of(told), (_, index) => seq + 1 + index),
    'each of them, once',
  )
  t.equal(numbers.at(-1), Math.max(...numbers), 'and then what follows them')
  for (const [index, cut] of told.entries()) {
    if (index % 25 !== 0 && index < told.length - 2) continue
    const again = host.events({ since: cut })
    ct.record.host.emit({ ...own, settings: ['last'] })
    const rest = await toldUntil(again, isLast)
    t.same([...of(told.slice(0, index + 1)), ...of(rest)], of(told), `cut after ${index}`)
  }
  await ct.delete({ force: true })
})

await t.test('leaving the loop, aborting and closing end it', async (t) => {
  const reason = new Error('enough')
  t.throws(() => host.events({ signal: AbortSignal.abort(reason) }), reason)
  const events = host.events()
  await events.return?.()
  t.match(await events.next(), { done: true })
  const last = host.events()
  const waiting = last.next()
  await host.close()
  t.match(await waiting, { done: true })
})
