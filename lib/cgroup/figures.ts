// Which figures there are of what a cgroup uses, and the choice among them: each costs a file.

import { constants } from 'node:os'
import { z } from 'zod'
import type { CgroupStats } from '#native'
import { doublesIn } from '../doubles.js'
import { SystemError } from '../errors.js'
import type { OperationOptions } from '../host/operation.js'
import { parse } from '../schema/parse.js'

export type StatsFigure = keyof CgroupStats

export interface StatsOptions<Figure extends StatsFigure> extends OperationOptions {
  /** Default: all. */
  readonly figures?: readonly Figure[] | undefined
}

export const STATS_FIGURES = [
  'memory',
  'memoryPeak',
  'memoryLimit',
  'swap',
  'cpuUs',
  'cpuUserUs',
  'cpuSystemUs',
  'pids',
  'readBytes',
  'writtenBytes',
  'reads',
  'writes',
] as const satisfies readonly StatsFigure[]

const schema = z.object({ figures: z.array(z.enum(STATS_FIGURES)).optional() })

/** Default: all. @throws InvalidArgumentError naming what is none */
export function figuresOf<Figure extends StatsFigure>(
  figures: readonly Figure[] | undefined,
): readonly Figure[] {
  // On the way of every call: only what was given is looked at.
  if (figures !== undefined) parse(schema, { figures }, 'stats')
  return figures ?? (STATS_FIGURES as readonly StatsFigure[] as readonly Figure[])
}

/** A line each. @throws SystemError EINVAL for one that would be two */
export function linesOf(paths: readonly string[]): string {
  const two = paths.find((path) => path.includes('\n'))
  if (two !== undefined) throw new SystemError(constants.errno.EINVAL, 'cgroup', two)
  return paths.join('\n')
}

/**
 * @param told doubles: of each cgroup each of the figures, NaN for null
 * @param count of cgroups: there may be no figures
 */
export function statsIn<Figure extends StatsFigure>(
  told: Buffer,
  count: number,
  figures: readonly Figure[],
): Pick<CgroupStats, Figure>[] {
  const doubles = doublesIn(told)
  return Array.from({ length: count }, (_, row) => {
    const stats: Partial<Record<Figure, number | null>> = {}
    for (const [column, figure] of figures.entries()) {
      const value = doubles[row * figures.length + column] ?? NaN
      stats[figure] = Number.isNaN(value) ? null : value
    }
    return stats as Pick<CgroupStats, Figure>
  })
}
