import t from 'tap'
import { limitsOf, resetOf, withLimits } from '../../../dist/group/limit-params.js'

const plain = (params: ReturnType<typeof withLimits>) =>
  params.map(({ version, name, value }) => `${version} ${name} ${value.join(',')}`).sort()

t.test('limits are stored in the words of both cgroup versions', async (t) => {
  const params = withLimits(
    [],
    { memoryLimit: 1000, swapLimit: 24, cpuLimit: 150, pidsLimit: 7 },
    'set',
  )
  t.same(plain(params), [
    '1 cpu.cfs_period_us 100000',
    '1 cpu.cfs_quota_us 150000',
    '1 memory.limit_in_bytes 1000',
    '1 memory.memsw.limit_in_bytes 1024',
    '1 pids.max 7',
    '2 cpu.max 150000 100000',
    '2 memory.max 1000',
    '2 memory.swap.max 24',
    '2 pids.max 7',
  ])
  t.same(limitsOf(params), { memoryLimit: 1000, swapLimit: 24, cpuLimit: 150, pidsLimit: 7 })
  for (const version of [1, 2]) {
    const alone = params.filter((param) => param.version === version)
    t.same(limitsOf(alone), limitsOf(params), `the same with version ${version} alone`)
  }
})

t.test('without a swap limit no swap is used', async (t) => {
  const params = withLimits([], { memoryLimit: 1000 }, 'set')
  t.same(plain(params), [
    '1 memory.limit_in_bytes 1000',
    '1 memory.memsw.limit_in_bytes 1000',
    '2 memory.max 1000',
    '2 memory.swap.max 0',
  ])
})

t.test('a change leaves other limits and parameters alone', async (t) => {
  const weight = { version: 2 as const, subsystem: 'cpu', name: 'cpu.weight', value: ['50'] }
  const before = withLimits([weight], { memoryLimit: 1000, swapLimit: 24, cpuLimit: 50 }, 'set')
  const after = withLimits(before, { memoryLimit: 2000 }, 'set')
  t.match(limitsOf(after), { memoryLimit: 2000, swapLimit: 24, cpuLimit: 50 })
  t.match(after[0], weight)
  t.match(limitsOf(withLimits(after, { memoryLimit: null }, 'set')), {
    memoryLimit: null,
    swapLimit: null,
    cpuLimit: 50,
  })
})

t.test('a swap limit needs a memory limit', async (t) => {
  t.throws(() => withLimits([], { swapLimit: 5 }, 'set'), {
    code: 'ERR_INVALID_ARGUMENT',
    argument: 'set.swapLimit',
  })
})

t.test('quota and period of an original configuration are read with their fraction', async (t) => {
  const params = [
    { version: 2 as const, subsystem: 'cpu', name: 'cpu.max', value: ['12500 50000'] },
    { version: 2 as const, subsystem: 'memory', name: 'memory.max', value: ['max'] },
  ]
  t.match(limitsOf(params), { cpuLimit: 25, memoryLimit: null })
})

t.test('a change leaves the others as they are written', async (t) => {
  const cpu = { version: 2 as const, subsystem: 'cpu', name: 'cpu.max', value: ['12500 50000'] }
  t.same(withLimits([cpu], { memoryLimit: 1000 }, 'set')[0], cpu)
  t.same(withLimits([cpu], {}, 'set'), [cpu])
})

t.test('what can be taken back, and what cannot', async (t) => {
  const param = (name: string) => ({ version: 2 as const, subsystem: 'x', name, value: ['1'] })
  t.same(resetOf(param('memory.max'))?.value, ['max'])
  t.same(resetOf(param('cpu.max'))?.value, ['max 100000'])
  t.equal(resetOf(param('cpu.weight')), null)
})
