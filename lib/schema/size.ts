// Sizes and durations as people write them; numbers of bytes and milliseconds inside.

import { z } from 'zod'

const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  k: 2 ** 10,
  kib: 2 ** 10,
  m: 2 ** 20,
  mib: 2 ** 20,
  g: 2 ** 30,
  gib: 2 ** 30,
  t: 2 ** 40,
  tib: 2 ** 40,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
}

// No two parts that could both take the same blank: it would be tried in every way.
const SIZE = /^\s*(\d+(?:\.\d+)?)(?:\s*([a-zA-Z]+))?\s*$/

/** Bytes of `'512 MiB'`, `'2g'`, `'1.5 GB'` (SI: powers of 1000), or null when it is not a size. */
export function parseSize(text: string): number | null {
  if (typeof text !== 'string') return null
  const match = SIZE.exec(text)
  const unit = UNITS[match?.[2]?.toLowerCase() ?? '']
  if (match === null || unit === undefined) return null
  const bytes = Math.round(Number(match[1]) * unit)
  return Number.isSafeInteger(bytes) ? bytes : null
}

const bytes = z
  .number('must be a number of bytes or text like "512 MiB"')
  .int('must be a whole number of bytes')
  .nonnegative('must not be negative')

/** Bytes, as a number or as text: `'512 MiB'` is 2^20, `'512 MB'` 10^6 each. */
export type Size = number | string

/** A size in bytes, given as a number or as text. */
export const size = z
  .union([bytes, z.string().regex(SIZE, 'must be a size like "512 MiB"')], {
    error: 'must be a number of bytes or text like "512 MiB"',
  })
  .transform((value, ctx) => {
    const parsed = typeof value === 'number' ? value : parseSize(value)
    if (parsed !== null) return parsed
    ctx.addIssue({ code: 'custom', message: 'must be a size like "512 MiB"', input: value })
    return z.NEVER
  })

/** Milliseconds. `Infinity` waits for ever; timers take at most 2^31 - 1. */
export const milliseconds = z
  .custom<number>(
    (value) => typeof value === 'number' && !Number.isNaN(value),
    'must be a number of milliseconds',
  )
  .refine((value) => !(value < 0), 'must not be negative')
  .refine((value) => value === Infinity || value < 2 ** 31, 'must be below 2^31 milliseconds')
