// Limits of a container or group as they are given, and the check against what this machine has.

import { z } from 'zod'
import { InvalidArgumentError } from '../host/errors.js'
import type { Machine } from '../host/machine.js'
import { size } from './size.js'

/** `null` removes a limit; a field that is not given stays as it is. */
export const limits = z.strictObject({
  /** Bytes of memory, or text like `'512 MiB'`. */
  memoryLimit: size.refine((bytes) => bytes >= 4096, 'must be at least one page').nullish(),
  /** Bytes of swap in addition to the memory. */
  swapLimit: size.nullish(),
  /** Percent of one CPU: 150 is one and a half. */
  cpuLimit: z.number('must be percent of one CPU').min(1, 'must be at least 1 percent').nullish(),
  /** Processes and threads. */
  pidsLimit: z
    .number('must be a number')
    .int('must be whole')
    .positive('must be above 0')
    .nullish(),
})

/** Bytes, percent of one CPU, processes. */
export type Limits = z.output<typeof limits>
export type LimitsInput = z.input<typeof limits>

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
