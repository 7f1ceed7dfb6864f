// `set cpu-limit` and `set memory-limit`, of groups and of containers.

import { command, type Command } from './command.js'
import type { Kind } from './kinds.js'
import { UsageError } from './errors.js'
import { sizeIn } from './sizes.js'
import { numberIn } from './words.js'

/** Microseconds, of the kernel. */
const PERIOD = 100_000

export function setCpuLimit({ argument, at }: Kind): Command {
  return command({
    usage: `${argument as 'ID'} PERCENT`,
    summary: 'limit its time of processors: 150 is one and a half; at once',
    options: { period: { short: 'p', value: 'US', summary: `only ${PERIOD} is possible` } },
    async run([name, percent], { period }, session) {
      if (period !== undefined && numberIn(period, '--period') !== PERIOD) {
        throw new UsageError(`--period can only be ${PERIOD}`)
      }
      const body = { cpuLimit: numberIn(percent, 'PERCENT', 1) }
      await session.daemon.ask(`PATCH ${at(session, name)}`, { body })
    },
  })
}

export function setMemoryLimit({ argument, at }: Kind): Command {
  return command({
    usage: `${argument as 'ID'} MEMORY [SWAP]`,
    summary: 'limit its memory, in bytes or like 512m; no swap unless it is said; at once',
    async run([name, memory, swap], _options, session) {
      const body = {
        memoryLimit: sizeIn(memory, 'MEMORY'),
        ...(swap === undefined ? {} : { swapLimit: sizeIn(swap, 'SWAP') }),
      }
      await session.daemon.ask(`PATCH ${at(session, name)}`, { body })
    },
  })
}

/** @param settings which go back to their defaults */
export function unset(
  { argument, at }: Kind,
  what: string,
  ...settings: readonly string[]
): Command {
  return command({
    usage: argument as 'ID',
    summary: `take its ${what} away`,
    async run([name], _options, session) {
      const body = Object.fromEntries(settings.map((setting) => [setting, null]))
      await session.daemon.ask(`PATCH ${at(session, name)}`, { body })
    },
  })
}
