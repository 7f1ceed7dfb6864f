// `npm run soak -- daemon` in small: all requests are counted, all listeners hear all; and what is wrong is told.
import { requires } from '../helpers/requires.js'
import { faultsOf, loaded, type DaemonOutcome } from '../soak/daemon.js'
import { readDaemonOptions } from '../soak/options.js'
import { percentile } from '../soak/requests.js'

const t = requires('root', 'userns', 'liblxc', 'busybox')

await t.test('some listen while others ask', async (t) => {
  const options = { clients: 60, rate: 40, events: 5, seconds: 2, warmUpSeconds: 1 }
  const outcome = await loaded(t, options)
  t.equal(outcome.answered, options.rate * options.seconds, 'those of the warm-up are not counted')
  t.strictSame(outcome.failed, [])
  t.strictSame(outcome.lost, [])
  t.ok(outcome.changes > 0)
  t.strictSame(outcome.heard, [outcome.changes, outcome.changes])
  t.ok(outcome.p50 > 0 && outcome.p50 <= outcome.p99)
  t.ok(outcome.memory.every((kB) => kB > 10_000))
})

const fine: DaemonOutcome = {
  p50: 1,
  p99: 2,
  answered: 10,
  failed: [],
  lost: [],
  heard: [3, 3],
  changes: 3,
  memory: [],
  growth: [3000, 2000],
}

await t.test('what is wrong', (t) => {
  t.strictSame(faultsOf(fine), [])
  for (const [wrong, told] of [
    [{ p99: 11 }, /longer than 10 ms/],
    [{ failed: ['/ping: 500', '/ping: 500'] }, /^\/ping: 500$/],
    [{ lost: ['the stream ended'] }, /the stream ended/],
    [{ heard: [2, 3] }, /not everybody/],
    [{ growth: [5000, 2000] }, /grows by 5000 kB/],
  ] as const) {
    const faults = faultsOf({ ...fine, ...wrong })
    t.equal(faults.length, 1)
    t.match(faults[0], told)
  }
  t.equal(percentile([4, 1, 3, 2], 0.5), 2)
  t.equal(percentile([4, 1, 3, 2], 0.99), 4)
  t.end()
})

await t.test('the command line', (t) => {
  t.strictSame(readDaemonOptions([]), {
    clients: 1000,
    rate: 200,
    events: 0,
    seconds: 600,
    warmUpSeconds: 120,
  })
  t.throws(() => readDaemonOptions(['--clients', '0']), { name: 'TypeError' })
  t.throws(() => readDaemonOptions(['--round', '1']))
  t.end()
})
