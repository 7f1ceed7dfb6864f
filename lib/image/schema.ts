// What an import is asked with, and what stands in an image's `image.yml`.

import { arch } from 'node:process'
import { z } from 'zod'

const word = z
  .string()
  .regex(/^[a-zA-Z0-9_+-][a-zA-Z0-9_.+-]{0,63}$/, 'must be 1 to 64 of a-z, 0-9, "_.+-"')

/** Linux's names for what Node calls `x64` and so on. */
const machines: Readonly<Record<string, string>> = { x64: 'x86_64', arm64: 'aarch64' }
export const MACHINE = machines[arch] ?? arch

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 hex digits')

/** What to import, and what to call it. */
export interface ImportImage {
  /** A tar archive (plain, gzip, xz or zstd: its content tells), or a directory. */
  readonly path: string
  readonly distribution: string
  readonly version: string
  /** The repository it is from. Default `local`. */
  readonly source?: string | undefined
  /** Default `default`. */
  readonly vendor?: string | undefined
  /** Default `default`. */
  readonly variant?: string | undefined
  /** As Linux calls it: `x86_64`. Default: this machine's. */
  readonly arch?: string | undefined
  /** SHA-256 in hex that the archive must have. */
  readonly digest?: string | undefined
  /** Largest number of entries, whose paths may have 128 MiB in all. Default 1,000,000. */
  readonly maxEntries?: number | undefined
  /** Largest size of the unpacked archive in bytes. Default: what is free in the pool. */
  readonly maxSize?: number | undefined
}

export const importImage = z.strictObject({
  path: z
    .string()
    .min(1, 'must not be empty')
    .refine((path) => !path.includes('\0'), 'must not hold a zero byte'),
  distribution: word,
  version: word,
  source: word.default('local'),
  vendor: word.default('default'),
  variant: word.default('default'),
  arch: word.default(MACHINE),
  digest: sha256.optional(),
  maxEntries: z.number().int().positive().default(1_000_000),
  maxSize: z.number().int().positive().default(Number.MAX_SAFE_INTEGER),
})

/** `image.yml` */
export const imageFile = z.looseObject({
  source: word,
  vendor: word,
  variant: word,
  arch: word,
  distribution: word,
  version: word,
  sha256,
  entries: z.number().int().nonnegative(),
  size: z.number().int().nonnegative(),
  imported_at: z.string(),
})
