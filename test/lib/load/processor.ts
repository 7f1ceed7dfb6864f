// What /proc/stat and /proc/loadavg say, as this kernel writes them, and what is none of that.
import { readFileSync } from 'node:fs'
import t from 'tap'
import {
  parseCpuTimes,
  parseDemand,
  readCpuTimes,
  readDemand,
} from '../../../dist/load/processor.js'

await t.test('of this machine', async (t) => {
  const before = await readCpuTimes()
  let after = before
  // A tick may have met the kernel at work, and is lost while a machine stands still.
  for (let i = 0; i < 100 && after.user + after.nice === before.user + before.nice; i++) {
    const begin = process.cpuUsage()
    while (process.cpuUsage(begin).user < 50_000) Math.sqrt(begin.user)
    after = await readCpuTimes()
  }
  t.ok(after.user + after.nice > before.user + before.nice, 'what was used meanwhile is in it')
  t.ok(after.idle > 0)
  const average = () => readFileSync('/proc/loadavg', 'utf8').split(' ')[2]
  const earlier = average()
  const { loadavg, tasks } = await readDemand()
  // The kernel counts anew every five seconds.
  t.ok([earlier, average()].includes(loadavg[2].toFixed(2)))
  t.ok(tasks > 10)
})

t.test('in microseconds, by name', (t) => {
  const text = 'cpu  1 2 3 4 5 6 7 8 9 10 11\ncpu0 1 2 3 4 5 6 7 8 9 10\nintr 1 2'
  t.same(parseCpuTimes(text), {
    user: 10_000,
    nice: 20_000,
    system: 30_000,
    idle: 40_000,
    iowait: 50_000,
    irq: 60_000,
    softirq: 70_000,
    steal: 80_000,
    guest: 90_000,
    guestNice: 100_000,
  })
  t.same(parseDemand('0.10 12.25 3.00 2/345 6789\n'), { loadavg: [0.1, 12.25, 3], tasks: 345 })
  t.end()
})

t.test('anything else is told', (t) => {
  for (const text of [
    '',
    'cpu',
    'cpu  1 2 3\n',
    'cpu0 1 2 3 4 5 6 7 8 9 10\n',
    'cpu  1 2 3 4 5 6 7 8 9 -1\n',
    'cpu  1 2 3 4 5 6 7 8 9 1e3\n',
    // Cut off in the middle.
    'cpu  1 2 3 4 5 6 7 8 9 10',
    `cpu  1 2 3 4 5 6 7 8 9 ${'1'.repeat(30)}\n`,
  ]) {
    t.throws(() => parseCpuTimes(text), { code: 'ERR_UNSUPPORTED', message: /\/proc\/stat/ }, text)
  }
  for (const text of [
    '',
    '1 2 3 4/5 6',
    '1.00 2.00 3.00',
    '1.00 2.00 nan 1/2 3',
    '-1.00 2.00 3.00 1/2 3',
  ]) {
    t.throws(() => parseDemand(text), { code: 'ERR_UNSUPPORTED', message: /loadavg/ }, text)
  }
  t.end()
})
