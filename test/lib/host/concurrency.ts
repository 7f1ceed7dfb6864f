// Many at once: nothing collides, and the process that embeds us goes on.
import { setTimeout as sleep } from 'node:timers/promises'
import { busybox, temporaryHost } from '../../helpers/host.js'
import { requires } from '../../helpers/requires.js'
import { upTo } from '../../helpers/time.js'

const t = requires('root', 'userns', 'liblxc', 'cgroup', 'busybox')
const host = await temporaryHost(t)
const COUNT = 50
const ids = Array.from({ length: COUNT }, (_, i) => `ct${i}`)

/** The longest time in which the event loop did not turn while `work` ran, in milliseconds. */
async function longestSpan(work: () => Promise<unknown>): Promise<number> {
  let longest = 0
  let last = performance.now()
  let running = true
  const turn = () => {
    const now = performance.now()
    longest = Math.max(longest, now - last)
    last = now
    if (running) setImmediate(turn)
  }
  setImmediate(turn)
  await work()
  running = false
  return longest
}

await t.test(`${COUNT} are made, started, run and deleted at once`, async (t) => {
  await longestSpan(() => sleep(50)) // warm
  const all = () => ids.map((id) => host.containers.get(id))
  const steps: [string, () => Promise<unknown>][] = [
    ['create', () => Promise.all(ids.map((id) => host.containers.create({ id, image: busybox })))],
    ['start', () => Promise.all(all().map((ct) => ct.start({ timeout: upTo(60_000) })))],
    ['exec', () => Promise.all(all().map((ct) => ct.exec(['true'])))],
    ['stats', () => host.containers.stats()],
    ['kill', () => Promise.all(all().map((ct) => ct.stop({ method: 'kill' })))],
    ['delete', () => Promise.all(all().map((ct) => ct.delete()))],
  ]
  for (const [name, work] of steps) {
    const begin = performance.now()
    const span = await longestSpan(work)
    const took = performance.now() - begin
    t.comment(`${name}: ${took.toFixed(0)} ms, longest span ${span.toFixed(1)} ms`)
    if (name === 'start') {
      t.equal(host.containers.list({ state: 'running' }).length, COUNT)
      const maps = new Set(host.users.list().flatMap(({ uidMap }) => uidMap))
      t.equal(maps.size, COUNT, 'each has ids of its own')
    }
  }
  t.same(host.containers.list(), [])
  t.equal(host.idRanges.get('default').show().allocated, 0)
  t.same((await host.audit()).leftovers, [])
})
