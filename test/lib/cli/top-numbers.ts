// What `ct top` makes of readings: rates, sums, the host without its containers, and the line of JSON.
import t from 'tap'
import type { ContainerLoad, HostLoad } from 'vpsadminos'
import { Watch, type Row } from '../../../dist/cli/top/figures.js'
import { jsonOf } from '../../../dist/cli/top/json.js'

const requests = (by: number) => ({
  readBytes: 1000 * by,
  writtenBytes: 2000 * by,
  reads: by,
  writes: 2 * by,
})
const traffic = (by: number) => ({
  tx: { bytes: 10 * by, packets: by },
  rx: { bytes: 20 * by, packets: 2 * by },
})

/** One that has done `by` times something. */
const container = (id: string, by: number, more: Partial<ContainerLoad> = {}): ContainerLoad => ({
  pool: 'tank',
  id,
  initPid: 7,
  memory: 100,
  pids: 3,
  cpuUs: 1000 * by,
  cpuUserUs: 600 * by,
  cpuSystemUs: 400 * by,
  io: requests(by),
  zfs: null,
  network: traffic(by),
  ...more,
})

const reading = (
  seconds: number,
  by: number,
  containers: readonly ContainerLoad[],
  more: Partial<HostLoad> = {},
): HostLoad => ({
  atUs: seconds * 1e6,
  loadavg: [1, 2, 3],
  tasks: 100,
  cpu: {
    user: 3000 * by,
    nice: 0,
    system: 2000 * by,
    idle: 5000 * by,
    iowait: 0,
    irq: 0,
    softirq: 0,
    steal: 0,
    guest: 1000 * by,
    guestNice: 0,
  },
  memory: {
    total: 1000,
    used: 300,
    free: 400,
    buffers: 100,
    cached: 200,
    swapTotal: 50,
    swapUsed: 10,
    swapFree: 40,
  },
  processes: null,
  io: requests(5 * by),
  network: traffic(5 * by),
  zfs: null,
  containers,
  ...more,
})

const of = (rows: readonly Row[] | undefined, id: string): Row => {
  const found = rows?.find((row) => row.id === id)
  if (found === undefined) throw new Error(`there is no ${id}`)
  return found
}

t.test('rates are by the clock of the machine, sums since the first reading', (t) => {
  const watch = new Watch()
  t.equal(watch.figures('realtime'), null)
  watch.take(reading(100, 10, [container('a', 10), container('b', 10)]))
  t.equal(of(watch.figures('realtime')?.rows, 'a').used.cpuUs, 0, 'nothing is known yet')
  t.equal(of(watch.figures('cumulative')?.rows, 'a').used.cpuUs, 0)
  watch.take(reading(102, 20, [container('a', 14), container('b', 10)]))
  const now = watch.figures('realtime')
  t.match(of(now?.rows, 'a').used, {
    cpuUs: 2000,
    cpuUserUs: 1200,
    cpuSystemUs: 800,
    readBytes: 2000,
    writes: 4,
    zfsReads: 0,
    txBytes: 20,
    rxPackets: 4,
  })
  t.match(of(now?.rows, 'b').used, { cpuUs: 0, reads: 0 })
  t.match(of(now?.rows, '[host]'), {
    pool: null,
    initPid: null,
    memory: 1000 - 400 - 200,
    nproc: 100 - 6,
    used: { cpuUs: 50_000 / 2 - 2000, reads: 50 / 2 - 2, rxBytes: 1000 / 2 - 40 },
  })
  t.equal(now?.rows.at(-1)?.id, '[host]')
  watch.take(reading(103, 20, [container('a', 15), container('b', 10)]))
  t.equal(of(watch.figures('realtime')?.rows, 'a').used.cpuUs, 1000)
  t.equal(of(watch.figures('cumulative')?.rows, 'a').used.cpuUs, 5000)
  t.equal(of(watch.figures('realtime')?.rows, '[host]').used.cpuUs, 0, 'never less than nothing')
  t.end()
})

t.test('containers come, go and begin anew', (t) => {
  const watch = new Watch()
  watch.take(reading(1, 1, [container('a', 10)]))
  watch.take(reading(2, 2, [container('a', 12), container('late', 500)]))
  t.equal(of(watch.figures('realtime')?.rows, 'late').used.cpuUs, 0, 'it may be old')
  watch.take(reading(3, 3, [container('a', 1), container('late', 501)]))
  t.equal(of(watch.figures('realtime')?.rows, 'a').used.cpuUs, 1000, 'it was started anew')
  t.equal(of(watch.figures('cumulative')?.rows, 'a').used.cpuUs, 3000)
  t.equal(of(watch.figures('cumulative')?.rows, 'late').used.cpuUs, 1000)
  watch.take(reading(4, 4, []))
  t.same(
    watch.figures('realtime')?.rows.map(({ id }) => id),
    ['[host]'],
  )
  // The same moment twice, and a clock that is another one.
  watch.take(reading(4, 5, [container('a', 20)]))
  watch.take(reading(4, 6, [container('a', 30)]))
  t.equal(of(watch.figures('realtime')?.rows, 'a').used.cpuUs, 0)
  t.end()
})

t.test('as JSON', (t) => {
  const caches = (by: number) => ({
    arc: { cMax: 9, c: 8, size: 7, hits: 90 * by, misses: 10 * by },
    l2arc: { size: 6, asize: 5, hits: 0, misses: 0 },
    iostat: requests(10 * by),
  })
  const watch = new Watch()
  watch.take(reading(1, 1, [container('a', 10, { zfs: requests(10) })], { zfs: caches(1) }))
  watch.take(reading(3, 2, [container('a', 20, { zfs: requests(11) })], { zfs: caches(2) }))
  const figures = watch.figures('realtime')
  const told = figures === null ? {} : (jsonOf(figures) as Record<string, unknown>)
  t.same(Object.keys(told), ['cpu', 'loadavg', 'memory', 'zfs', 'containers'])
  t.same(told, {
    cpu: {
      user: 30,
      nice: 0,
      system: 20,
      idle: 50,
      iowait: 0,
      irq: 0,
      softirq: 0,
      steal: 0,
      guest: 10,
      guest_nice: 0,
    },
    loadavg: [1, 2, 3],
    memory: {
      total: 1000,
      used: 300,
      free: 400,
      buffers: 100,
      cached: 200,
      swap_total: 50,
      swap_used: 10,
      swap_free: 40,
    },
    zfs: {
      arcstats: {
        arc: { c_max: 9, c: 8, size: 7, hit_rate: 90, misses: 5 },
        l2arc: { size: 6, asize: 5, hit_rate: 0, misses: 0 },
      },
      iostat: { io_read: 5, io_written: 10, bytes_read: 5000, bytes_written: 10_000 },
    },
    containers: [
      {
        pool: 'tank',
        id: 'a',
        cpu_package_inuse: null,
        init_pid: 7,
        loadavg: null,
        cpu_usage: 0.5,
        memory: 100,
        nproc: 3,
        cpu_us: 5000,
        cpu_user_us: 3000,
        cpu_system_us: 2000,
        cpu_hz: 0.5,
        cpu_user_hz: 0.3,
        cpu_system_hz: 0.2,
        zfsio: { bytes: { w: 1000, r: 500 }, ios: { w: 1, r: 0.5 } },
        io: { bytes: { w: 10_000, r: 5000 }, ios: { w: 10, r: 5 } },
        tx: { bytes: 50, packets: 5 },
        rx: { bytes: 100, packets: 10 },
      },
      {
        pool: null,
        id: '[host]',
        cpu_package_inuse: null,
        init_pid: null,
        loadavg: [1, 2, 3],
        cpu_usage: 0,
        memory: 500,
        nproc: 97,
        cpu_us: 0,
        cpu_user_us: 0,
        cpu_system_us: 0,
        cpu_hz: 0,
        cpu_user_hz: 0,
        cpu_system_hz: 0,
        zfsio: { bytes: { w: 9000, r: 4500 }, ios: { w: 9, r: 4.5 } },
        io: { bytes: { w: 0, r: 0 }, ios: { w: 0, r: 0 } },
        tx: { bytes: 0, packets: 0 },
        rx: { bytes: 0, packets: 0 },
      },
    ],
  })
  t.end()
})
