// Which figures there are of what a cgroup uses, and the choice among them: each costs a file.

import { z } from 'zod'
import type { CgroupStats } from '#native'
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
