// Limits in the words of both cgroup versions, read from whatever stands in a file.
import { InvalidArgumentError } from '../../dist/host/errors.js'
import { limitsOf, resetOf, withLimits } from '../../dist/group/limit-params.js'
import { cgparam } from '../../dist/schema/cgparam.js'
import { check, Input, quickly, unless } from './finding.js'

const NAMES = [
  'memory.max',
  'memory.limit_in_bytes',
  'memory.swap.max',
  'memory.memsw.limit_in_bytes',
  'cpu.max',
  'cpu.cfs_period_us',
  'cpu.cfs_quota_us',
  'pids.max',
  'memory.high',
]

/** @param {Buffer} data */
export function fuzz(data) {
  const input = new Input(data)
  const given = {
    memoryLimit: input.byte() % 2 === 0 ? undefined : input.number(2 ** 24) * 4096,
    swapLimit: input.byte() % 2 === 0 ? undefined : input.number(2 ** 24),
    cpuLimit: input.byte() % 2 === 0 ? undefined : (input.number(100_000) + 1) / 8,
    pidsLimit: input.byte() % 2 === 0 ? undefined : input.number(65536) + 1,
  }
  /** @type {import('zod').output<typeof cgparam>[]} */
  const params = []
  while (!input.empty && params.length < 16) {
    const name = input.pick(NAMES)
    const param = {
      version: 1 + (input.byte() % 2),
      subsystem: name.split('.')[0],
      name,
      value: [input.text()],
    }
    const read = cgparam.safeParse(param)
    if (read.success) params.push(read.data)
  }
  quickly(data.length, () => {
    for (const [name, value] of Object.entries(limitsOf(params))) {
      check(value === null || Number.isFinite(value), `${name} is ${value}`)
    }
    const made = unless(() => withLimits(params, given, 'set'), InvalidArgumentError)
    if (made === null) return
    for (const param of made) {
      check(cgparam.safeParse(param).success, 'what is made can be stored')
      check(
        !/NaN|Infinity|e\+/.test(param.value.join()) || params.includes(param),
        param.value.join(),
      )
      resetOf(param)
    }
    const after = limitsOf(made)
    if (given.pidsLimit !== undefined) check(after.pidsLimit === given.pidsLimit, 'pids')
    if (given.memoryLimit !== undefined) check(after.memoryLimit === given.memoryLimit, 'memory')
  })
}
