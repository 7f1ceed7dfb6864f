// Resource limits of processes (setrlimit), under the names that osctl and LXC use.

import { z } from 'zod'
import { byName } from './by-name.js'

export const PRLIMIT_NAMES = [
  'as',
  'core',
  'cpu',
  'data',
  'fsize',
  'memlock',
  'msgqueue',
  'nice',
  'nofile',
  'nproc',
  'rss',
  'rtprio',
  'rttime',
  'sigpending',
  'stack',
] as const
export type PrlimitName = (typeof PRLIMIT_NAMES)[number]

const value = z.union([z.number().int().nonnegative(), z.literal('unlimited')], {
  error: 'must be a whole number or "unlimited"',
})
export type PrlimitValue = z.output<typeof value>

const pair = z
  .strictObject({ soft: value, hard: value })
  .refine(({ soft, hard }) => amount(soft) <= amount(hard), {
    path: ['soft'],
    error: 'must not be above hard',
  })

/** One value for both limits, or each of them; see setrlimit(2) for what they count. */
export type PrlimitInput =
  PrlimitValue | { readonly soft: PrlimitValue; readonly hard: PrlimitValue }

/** By name; one that is not given stays as it is, `null` takes it away. */
export type PrlimitsInput = { readonly [Name in PrlimitName]?: PrlimitInput | null }

export const prlimitsInput = z.partialRecord(
  z.enum(PRLIMIT_NAMES),
  z
    .union([value.transform((both) => ({ soft: both, hard: both })), pair], {
      error: 'must be a number, "unlimited" or { soft, hard }',
    })
    .nullable(),
)

/** As stored. */
export const prlimits = z.preprocess(
  (stored: unknown) => (Array.isArray(stored) ? (byName(stored) ?? stored) : stored),
  z.record(z.string(), z.looseObject({ soft: value, hard: value })),
)
export type Prlimits = z.output<typeof prlimits>

/** A limit as a number that can be compared. */
export function amount(limit: PrlimitValue): number {
  return limit === 'unlimited' ? Infinity : limit
}
