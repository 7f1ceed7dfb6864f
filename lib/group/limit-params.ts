// Limits in words of both cgroup versions. Both are always stored, so that a configuration works
// on either kind of host. Pure: the schema of parameters needs to know them too.

import { InvalidArgumentError } from '../host/errors.js'
import type { Cgparam } from '../schema/cgparam.js'
import type { Limits } from '../schema/limits.js'

/** What is in force; null means no limit. Bytes, percent of one CPU, processes. */
export interface EffectiveLimits {
  readonly memoryLimit: number | null
  readonly swapLimit: number | null
  readonly cpuLimit: number | null
  readonly pidsLimit: number | null
}

const PERIOD_US = 100_000

/** Parameters that limits stand for, and what is written to take a limit away. */
const RESET: Readonly<Record<string, string>> = {
  'memory.max': 'max',
  'memory.high': 'max',
  'memory.swap.max': 'max',
  'memory.min': '0',
  'memory.low': '0',
  'memory.limit_in_bytes': '-1',
  'memory.memsw.limit_in_bytes': '-1',
  'memory.soft_limit_in_bytes': '-1',
  'cpu.max': `max ${PERIOD_US}`,
  'cpu.cfs_quota_us': '-1',
  'pids.max': 'max',
}

/** The parameter that takes back another one, or null when the kernel has no such value. */
export function resetOf(param: Cgparam): Cgparam | null {
  const value = RESET[param.name]
  return value === undefined ? null : { ...param, value: [value] }
}

/** Parameters that a limit is stored in. */
const LIMIT_OF: Readonly<Record<string, keyof EffectiveLimits>> = {
  'memory.max': 'memoryLimit',
  'memory.limit_in_bytes': 'memoryLimit',
  'memory.swap.max': 'swapLimit',
  'memory.memsw.limit_in_bytes': 'swapLimit',
  'cpu.max': 'cpuLimit',
  'cpu.cfs_period_us': 'cpuLimit',
  'cpu.cfs_quota_us': 'cpuLimit',
  'pids.max': 'pidsLimit',
}

/** Which limit a parameter belongs to; undefined for one that is set as it is. */
export function limitOf({ name }: Pick<Cgparam, 'name'>): keyof EffectiveLimits | undefined {
  return LIMIT_OF[name]
}

/** The limits that some parameters amount to. */
export function limitsOf(params: readonly Cgparam[]): EffectiveLimits {
  const value = (name: string) => params.find((param) => param.name === name)?.value.at(-1)
  const memory1 = amount(value('memory.limit_in_bytes'))
  const both1 = amount(value('memory.memsw.limit_in_bytes'))
  const memoryLimit = amount(value('memory.max')) ?? memory1
  const swap1 = both1 === null ? null : both1 - (memory1 ?? 0)
  const [quota2, period2] = value('cpu.max')?.split(' ') ?? []
  const quota = amount(quota2) ?? amount(value('cpu.cfs_quota_us'))
  const period = amount(period2) ?? amount(value('cpu.cfs_period_us')) ?? PERIOD_US
  return {
    memoryLimit,
    swapLimit: amount(value('memory.swap.max')) ?? swap1,
    cpuLimit: quota === null || period === 0 ? null : percent(quota / period),
    pidsLimit: amount(value('pids.max')),
  }
}

// Without what binary fractions add to it: 150.123 is not 150.12300000000002.
function percent(fraction: number): number {
  return Number((fraction * 100).toPrecision(12))
}

const SUFFIXES = ['', 'k', 'm', 'g', 't', 'p', 'e']

// As the kernel reads it (memparse()): files may have been edited by hand. Null for "max", for -1, for more
// than a kernel can count, and for what none would take.
function amount(text: string | undefined): number | null {
  const [, digits, suffix = ''] = /^\s*(\d{1,19})([kmgtpe]?)\s*$/i.exec(text ?? '') ?? []
  if (digits === undefined) return null
  const count = Number(digits) * 1024 ** SUFFIXES.indexOf(suffix.toLowerCase())
  return count < 2 ** 63 ? count : null
}

/**
 * The parameters after some limits were changed: what is not given stays as it is written, `null` takes
 * away.
 *
 * @throws InvalidArgumentError for a swap limit without one of memory
 */
export function withLimits(params: readonly Cgparam[], given: Limits, what: string): Cgparam[] {
  const before = limitsOf(params)
  const pick = (name: keyof EffectiveLimits) => {
    const value = given[name]
    return value === undefined ? before[name] : value
  }
  const memory = pick('memoryLimit')
  // Removing the memory limit removes the swap limit with it: the older kernels have only the sum.
  const swap = given.memoryLimit === null && given.swapLimit == null ? null : pick('swapLimit')
  if (memory === null && swap !== null) {
    throw new InvalidArgumentError(`${what}.swapLimit`, 'needs a memoryLimit')
  }
  const cpu = pick('cpuLimit')
  const pids = pick('pidsLimit')
  const made = [
    ...(memory === null ? [] : memoryParams(memory, swap ?? 0)),
    ...(cpu === null ? [] : cpuParams(cpu)),
    ...(pids === null ? [] : [param(2, 'pids.max', pids), param(1, 'pids.max', pids)]),
  ].filter((one) => isAnew(one, given))
  return [...params.filter((one) => !isAnew(one, given)), ...made]
}

// The older kernels have only the sum of memory and swap: one of the two writes both.
function isAnew(one: Cgparam, given: Limits): boolean {
  const limit = limitOf(one)
  if (limit === undefined) return false
  if (limit === 'cpuLimit' || limit === 'pidsLimit') return given[limit] !== undefined
  return given.memoryLimit !== undefined || given.swapLimit !== undefined
}

function memoryParams(memory: number, swap: number): Cgparam[] {
  return [
    param(2, 'memory.max', memory),
    param(2, 'memory.swap.max', swap),
    param(1, 'memory.limit_in_bytes', memory),
    param(1, 'memory.memsw.limit_in_bytes', memory + swap),
  ]
}

function cpuParams(percent: number): Cgparam[] {
  const quota = Math.round((percent / 100) * PERIOD_US)
  return [
    param(2, 'cpu.max', `${quota} ${PERIOD_US}`),
    param(1, 'cpu.cfs_period_us', PERIOD_US),
    param(1, 'cpu.cfs_quota_us', quota),
  ]
}

function param(version: 1 | 2, name: string, value: number | string): Cgparam {
  return { version, subsystem: name.slice(0, name.indexOf('.')), name, value: [String(value)] }
}
