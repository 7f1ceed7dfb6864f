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
export const importImage = z.strictObject({
  /** A tar archive (plain, gzip, xz or zstd: its content tells), or a directory. */
  path: z
    .string()
    .min(1, 'must not be empty')
    .refine((path) => !path.includes('\0'), 'must not hold a zero byte'),
  distribution: word,
  version: word,
  /** The repository it is from. */
  source: word.default('local'),
  vendor: word.default('default'),
  variant: word.default('default'),
  /** This machine's when it is not given. */
  arch: word.default(MACHINE),
  /** SHA-256 in hex that the archive must have. */
  digest: sha256.optional(),
  /** Largest number of entries. */
  maxEntries: z.number().int().positive().default(1_000_000),
  /** Largest size of the unpacked archive in bytes; otherwise what is free in the pool. */
  maxSize: z.number().int().positive().default(Number.MAX_SAFE_INTEGER),
})
export type ImportImage = z.input<typeof importImage>

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
