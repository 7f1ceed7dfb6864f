// Figures of many cgroups in one call.
import { writeFile } from 'node:fs/promises'
import { Cgroups } from '../../../lib/cgroup/cgroups.js'
import { sleeper, testCgroup } from '../../helpers/cgroup.js'
import { requires } from '../../helpers/requires.js'
import { timeFactor } from '../../helpers/time.js'

const t = requires('root', 'cgroup')

const nothing = {
  memory: null,
  memoryPeak: null,
  memoryLimit: null,
  swap: null,
  cpuUs: null,
  cpuUserUs: null,
  cpuSystemUs: null,
  pids: null,
  readBytes: null,
  writtenBytes: null,
  reads: null,
  writes: null,
}

t.test('tells of processes, memory and its limit', async (t) => {
  const { cgroups, dir } = testCgroup(t)
  await dir.create()
  t.equal((await dir.stats()).memoryLimit, null, 'no limit')
  const file = cgroups.version('memory') === 1 ? 'memory.limit_in_bytes' : 'memory.max'
  await dir.write('memory', file, String(64 << 20))
  await dir.join((await sleeper(t)).pid)
  const stats = await dir.stats()
  t.equal(stats.pids, 1)
  t.equal(stats.memoryLimit, 64 << 20)
  t.equal(typeof stats.memory, 'number')
  t.ok((stats.memory ?? -1) >= 0)
  t.ok((stats.memoryPeak ?? -1) >= 0)
  t.ok((stats.cpuUs ?? -1) >= 0)
})

t.test('CPU time is in microseconds, and user and system make up the whole', async (t) => {
  const { cgroups, dir } = testCgroup(t)
  await dir.create()
  await dir.join(0)
  // By what was used and not by the clock: others may be using the processor.
  const begin = process.cpuUsage()
  while (process.cpuUsage(begin).user < 60_000) Math.sqrt(begin.user)
  const stats = await dir.stats()
  const { cpuUs, cpuUserUs, cpuSystemUs } = stats
  t.ok((cpuUs ?? 0) > 30_000 && (cpuUs ?? 0) < 10_000_000, `${cpuUs} µs`)
  const parts = (cpuUserUs ?? 0) + (cpuSystemUs ?? 0)
  t.ok(Math.abs(parts - (cpuUs ?? 0)) < 0.2 * (cpuUs ?? 0) + 20_000, `${parts} of ${cpuUs} µs`)
  await leave(cgroups)
  t.same(await dir.procs(), [])
})

t.test('the answers are in order; what does not exist has no figures', async (t) => {
  const { cgroups, dir } = testCgroup(t)
  await dir.dir('a').create()
  await dir.dir('b').create()
  await dir.dir('b').join((await sleeper(t)).pid)
  const paths = ['a', 'gone', 'b', 'a'].map((name) => dir.dir(name).path)
  const stats = await cgroups.stats(paths)
  t.same(
    stats.map(({ pids }) => pids),
    [0, null, 1, 0],
  )
  t.same(stats[1], nothing)
  t.same(await cgroups.stats([]), [])
  await t.rejects(cgroups.stats(['ok', '../etc']), { code: 'EINVAL', path: '../etc' })

  // Many are read by two threads.
  const many = Array.from({ length: 41 }, (_, index) => paths[index % paths.length] ?? '')
  const figures = ['pids'] as const
  const each = await Promise.all(many.map(async (path) => cgroups.dir(path).stats(figures)))
  t.same(await cgroups.stats(many, figures), each)
  await t.rejects(cgroups.stats([...many, '../etc']), { code: 'EINVAL', path: '../etc' })
})

t.test('v2 files, v1 files, and what is not a number', async (t) => {
  const top = t.testdir({
    v2: {
      a: {
        'memory.current': '4096\n',
        'memory.peak': '8192\n',
        'memory.max': 'max\n',
        'memory.swap.current': '12\n',
        'cpu.stat': 'usage_usec 30\nuser_usec 10\nsystem_usec 20\nnr_periods 0\n',
        'pids.current': '3\n',
        'io.stat':
          '8:0 rbytes=4096 wbytes=100 rios=1 wios=2 dbytes=7 dios=7\n254:0 rbytes=1 wbytes=2 rios=3 wios=4\n7:0 \n',
      },
      idle: { 'io.stat': '' },
      old: { 'memory.current': 'nonsense', 'cpu.stat': '' },
    },
    v1: {
      a: {
        'memory.usage_in_bytes': '100\n',
        'memory.max_usage_in_bytes': '200\n',
        'memory.limit_in_bytes': '9223372036854771712\n',
        'memory.memsw.usage_in_bytes': '150\n',
        'cpuacct.usage': '5999\n',
        'cpuacct.usage_user': '2000\n',
        'cpuacct.usage_sys': '3000\n',
        'blkio.throttle.io_service_bytes_recursive':
          '8:0 Read 10\n8:0 Write 20\n8:0 Sync 30\n8:0 Total 30\n8:16 Read 1\nTotal 31\n',
        'blkio.throttle.io_serviced_recursive': 'Total 0\n',
      },
    },
  })
  const v2 = Cgroups.at([
    { version: 2, controllers: ['memory', 'pids', 'io'], mountpoint: `${top}/v2` },
  ])
  const v1 = Cgroups.at([
    { version: 1, controllers: ['memory', 'cpuacct', 'blkio'], mountpoint: `${top}/v1` },
  ])
  t.teardown(() => {
    v1.close()
    v2.close()
  })
  t.same(await v2.stats(['a', 'old']), [
    {
      memory: 4096,
      memoryPeak: 8192,
      memoryLimit: null,
      swap: 12,
      cpuUs: 30,
      cpuUserUs: 10,
      cpuSystemUs: 20,
      pids: 3,
      readBytes: 4097,
      writtenBytes: 102,
      reads: 4,
      writes: 6,
    },
    nothing,
  ])
  t.match(await v2.stats(['idle'], ['reads', 'writtenBytes']), [{ reads: 0, writtenBytes: 0 }])
  t.same(await v1.dir('a').stats(), {
    memory: 100,
    memoryPeak: 200,
    memoryLimit: null,
    swap: 50,
    cpuUs: 5,
    cpuUserUs: 2,
    cpuSystemUs: 3,
    pids: null,
    readBytes: 11,
    writtenBytes: 20,
    reads: 0,
    writes: 0,
  })

  t.same(await v2.stats(['a', 'old'], ['swap', 'cpuSystemUs']), [
    { swap: 12, cpuSystemUs: 20 },
    { swap: null, cpuSystemUs: null },
  ])
  t.same(await v1.stats(['a'], ['swap']), [{ swap: 50 }], 'which v1 counts together with memory')
  t.same(await v1.stats(['a'], []), [{}])
})

t.test('a thousand cgroups in one call', async (t) => {
  const { cgroups, dir } = testCgroup(t)
  const names = Array.from({ length: 1000 }, (_, i) => dir.dir(`user.u/ct.${i}`).path)
  for (let i = 0; i < names.length; i += 100) {
    await Promise.all(names.slice(i, i + 100).map((path) => cgroups.dir(path).create()))
  }
  const times = []
  for (let round = 0; round < 9; round++) {
    const begin = performance.now()
    const stats = await cgroups.stats(names)
    times.push(performance.now() - begin)
    t.equal(stats.length, 1000)
    t.equal(stats[999]?.pids, 0)
  }
  times.sort((a, b) => a - b)
  const [best = Infinity, median] = [times[0], times[4]]
  t.comment(`1,000 cgroups: median ${median?.toFixed(1)} ms, best ${best.toFixed(1)} ms`)
  if (timeFactor === 1) t.ok(best < 250, 'far from one program per cgroup')
})

// Back to the top of every hierarchy, so that the cgroup can go.
async function leave(cgroups: Cgroups): Promise<void> {
  for (const { mountpoint } of cgroups.hierarchies) {
    await writeFile(`${mountpoint}/cgroup.procs`, String(process.pid))
  }
}
