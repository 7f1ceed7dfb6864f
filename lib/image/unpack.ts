// Unpacks an image's archive into a directory, entry by entry checked before tar may see it.

import { createHash } from 'node:crypto'
import { PoolFullError, PoolReadOnlyError, UnsupportedError } from '../host/errors.js'
import {
  ImageCorruptError,
  ImageDigestError,
  ImageEntryError,
  ImageFormatError,
  ImageLimitError,
} from './errors.js'
import { Program } from './program.js'
import { attributeArguments, openSource } from './source.js'
import { TarFaultError, TarScan, type TarEntry } from './tar-scan.js'
import { TreeRules } from './tree-rules.js'
import type { ImportOptions, ImportProgress } from './types.js'

export interface UnpackLimits {
  readonly maxEntries: number
  readonly maxSize: number
  /** Bytes that are free where it is unpacked. */
  readonly free: number
}

export interface Unpacked {
  readonly digest: string
  readonly entries: number
  readonly size: number
}

const PROGRESS_MS = 100
/** Characters of all paths together, which are in memory: those of a whole distribution are a tenth of it. */
const MAX_NAMES = 128 * 1024 * 1024

/**
 * Unpacks the archive or directory at `path` into the empty directory `target`. When it fails,
 * whatever is in `target` is for the caller to remove.
 *
 * @param pool the pool's root, for errors
 * @param digest SHA-256 in hex that the archive must have
 */
export async function unpack(
  path: string,
  target: string,
  pool: string,
  limits: UnpackLimits,
  digest: string | undefined,
  { signal, onProgress }: ImportOptions,
): Promise<Unpacked> {
  const hash = createHash('sha256')
  const gate = new Gate(path, pool, limits)
  const report = throttled(onProgress)
  let bytes = 0

  await using source = await openSource(path, pool)
  await using tar = await Program.start('tar', extractArguments(target))
  const plain = source.read((chunk) => {
    hash.update(chunk)
    bytes += chunk.length
  })
  for await (const chunk of plain) {
    signal?.throwIfAborted()
    gate.check(chunk)
    if (!(await tar.write(chunk))) {
      // Right only after the end of the archive, where the scan lets nothing but zeros pass.
      const status = await tar.finish()
      if (status !== 0) throw unpackError(tar.complaint, path, pool)
    }
    report({ bytes, total: source.total, entries: gate.entries })
  }
  gate.finish()
  const actual = hash.digest('hex')
  if (digest !== undefined && digest !== actual) throw new ImageDigestError(path, digest, actual)
  const status = await tar.finish()
  if (status !== 0) throw unpackError(tar.complaint, path, pool)
  if (/xattr|acl/i.test(tar.complaint)) {
    throw new UnsupportedError('an image with extended attributes', tar.complaint)
  }
  signal?.throwIfAborted()
  return { digest: actual, entries: gate.entries, size: gate.size }
}

/** Lets a chunk pass when every entry that begins in it is allowed. */
class Gate {
  size = 0
  #declared = 0
  readonly #rules = new TreeRules()
  readonly #scan = new TarScan((entry) => {
    this.#allow(entry)
  })

  constructor(
    readonly path: string,
    readonly pool: string,
    readonly limits: UnpackLimits,
  ) {}

  get entries(): number {
    return this.#rules.size
  }

  check(chunk: Buffer): void {
    this.size += chunk.length
    this.#measure(this.size)
    this.#typed(() => {
      this.#scan.push(chunk)
    })
  }

  finish(): void {
    this.#typed(() => {
      this.#scan.end()
    })
    if (this.entries === 0) throw new ImageFormatError(this.path, 'it holds nothing')
  }

  #allow(entry: TarEntry): void {
    const reason = this.#rules.add(entry)
    if (reason !== null) throw new ImageEntryError(this.path, display(entry.name), reason)
    if (this.entries > this.limits.maxEntries) {
      throw new ImageLimitError(this.path, 'entries', this.limits.maxEntries)
    }
    if (this.#rules.names > MAX_NAMES) throw new ImageLimitError(this.path, 'names', MAX_NAMES)
    this.#declared += entry.size
    this.#measure(this.#declared)
  }

  // Refused as soon as an entry says how long it is, not when the disk is full of it.
  #measure(size: number): void {
    if (size > this.limits.maxSize) {
      throw new ImageLimitError(this.path, 'size', this.limits.maxSize)
    }
    if (size > this.limits.free) throw new PoolFullError(this.pool)
  }

  #typed(step: () => void): void {
    try {
      step()
    } catch (error) {
      throw error instanceof TarFaultError ? this.#fault(error) : error
    }
  }

  #fault({ fault }: TarFaultError): Error {
    switch (fault.type) {
      case 'format':
        return new ImageFormatError(this.path, 'is not a tar archive, plain or by gzip, xz, zstd')
      case 'corrupt':
        return new ImageCorruptError(this.path, fault.reason)
      case 'entry':
        return new ImageEntryError(this.path, display(fault.name), fault.reason)
      case 'header':
        return new ImageLimitError(this.path, 'header', fault.allowed)
    }
  }
}

// Inside, names are Latin-1 so that no byte is lost. People read UTF-8.
function display(name: string): string {
  return Buffer.from(name.slice(0, 200), 'latin1').toString('utf8')
}

function extractArguments(target: string): string[] {
  return [
    '--extract',
    '--file=-',
    `--directory=${target}`,
    '--numeric-owner',
    '--same-owner',
    '--preserve-permissions',
    '--warning=no-timestamp',
    ...attributeArguments,
  ]
}

function unpackError(complaint: string, path: string, pool: string): Error {
  if (/No space left on device|Disk quota exceeded/.test(complaint)) return new PoolFullError(pool)
  if (complaint.includes('Read-only file system')) return new PoolReadOnlyError(pool)
  return new ImageCorruptError(path, complaint)
}

function throttled(report?: (progress: ImportProgress) => void): (now: ImportProgress) => void {
  let next = 0
  return (progress) => {
    if (report === undefined || Date.now() < next) return
    next = Date.now() + PROGRESS_MS
    report(progress)
  }
}
