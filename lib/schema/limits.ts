// Limits of a container or group as they are given, and the check against what this machine has.

import { z } from 'zod'
import { InvalidArgumentError } from '../host/errors.js'
import type { Machine } from '../host/machine.js'
import { size, type Size } from './size.js'

/** `null` removes a limit; one that is not given stays as it is. */
export interface LimitsInput {
  /**
   * Bytes of memory, or text like `'512 MiB'`; at least one page. Without `swapLimit` beside it no swap is
   * used. Default: no limit. At once.
   */
  readonly memoryLimit?: Size | null | undefined
  /** Bytes of swap in addition to the memory; needs a `memoryLimit`. Default: 0 with one. At once. */
  readonly swapLimit?: Size | null | undefined
  /** Percent of one processor: 150 is one and a half. Default: no limit. At once. */
  readonly cpuLimit?: number | null | undefined
  /** Processes and threads together. Default: no limit. At once. */
  readonly pidsLimit?: number | null | undefined
}

export const limits = z.strictObject({
  memoryLimit: size.refine((bytes) => bytes >= 4096, 'must be at least one page').nullish(),
  swapLimit: size.nullish(),
  cpuLimit: z.number('must be percent of one CPU').min(1, 'must be at least 1 percent').nullish(),
  pidsLimit: z
    .number('must be a number')
    .int('must be whole')
    .positive('must be above 0')
    .nullish(),
})

/** Bytes, percent of one CPU, processes. */
export type Limits = z.output<typeof limits>

/**
 * Refuses what could never be a limit here: more than the machine has is a mistake in the unit.
 *
 * @throws InvalidArgumentError
 */
export function checkLimits(given: Limits, machine: Machine, what: string): void {
  const most: [keyof Limits, number, string][] = [
    ['memoryLimit', machine.memory, 'bytes of memory'],
    ['swapLimit', machine.memory + machine.swap, 'bytes of memory and swap'],
    ['cpuLimit', machine.cpus * 100, 'percent of CPU'],
    ['pidsLimit', machine.pidMax, 'processes (kernel.pid_max)'],
  ]
  for (const [name, max, unit] of most) {
    const value = given[name]
    if (value !== undefined && value !== null && value > max) {
      throw new InvalidArgumentError(
        `${what}.${name}`,
        `${value} is beyond this machine: ${max} ${unit}`,
      )
    }
  }
}
