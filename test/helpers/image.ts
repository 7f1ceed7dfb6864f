// Archives for tests of images, written byte for byte so that they can be as wrong as needed.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { ImageStore } from '../../lib/image/store.js'
import { DirImages } from '../../lib/storage/dir/dir-images.js'

export interface RawEntry {
  name?: string
  type?: string
  link?: string
  data?: Buffer | string
  /** What the header says instead of the length of `data`. */
  size?: number
  mode?: number
  magic?: string
}

/** One entry: header block, then data. */
export function entry(what: RawEntry): Buffer {
  const data = Buffer.from(what.data ?? '')
  const block = Buffer.alloc(512)
  block.write((what.name ?? '').slice(0, 100), 0, 'latin1')
  block.write(octal(what.mode ?? 0o644, 7), 100)
  block.write(octal(0, 7), 108)
  block.write(octal(0, 7), 116)
  block.write(octal(what.size ?? data.length, 11), 124)
  block.write(octal(1_700_000_000, 11), 136)
  block.write(what.type ?? '0', 156, 'latin1')
  block.write((what.link ?? '').slice(0, 100), 157, 'latin1')
  block.write(what.magic ?? 'ustar\x0000', 257, 'latin1')
  block.write(octal(1, 7), 329)
  block.write(octal(3, 7), 337)
  block.fill(' ', 148, 156)
  const sum = block.reduce((total, byte) => total + byte, 0)
  block.write(`${octal(sum, 6)}\0 `, 148)
  return Buffer.concat([block, data, Buffer.alloc((512 - (data.length % 512)) % 512)])
}

/** A pax extended header (`x`, or `g` for all that follows). */
export function pax(records: Record<string, string>, type = 'x'): Buffer {
  const lines = Object.entries(records).map(([key, value]) => {
    const rest = ` ${key}=${value}\n`
    let length = rest.length
    while (`${length}${rest}`.length !== length) length = `${length}${rest}`.length
    return `${length}${rest}`
  })
  return entry({ name: 'PaxHeaders/x', type, data: Buffer.from(lines.join(''), 'latin1') })
}

export function archive(...parts: Buffer[]): Buffer {
  return Buffer.concat([...parts, Buffer.alloc(1024)])
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, '0')
}

/** A directory that is gone when the test ends. */
export function scratch(t: Test): string {
  const path = mkdtempSync(join(tmpdir(), 'vpsadminos-image-'))
  t.teardown(() => {
    rmSync(path, { recursive: true, force: true })
  })
  return path
}

/** Of a pool in which nothing else is. */
export function openImages(
  pool: string,
  users: (id: string) => readonly string[] = () => [],
): Promise<ImageStore> {
  return ImageStore.open({ storage: new DirImages(pool), users, unknown: () => [] })
}

/** A pool's images, and where they are. */
export async function testStore(
  t: Test,
  users?: (id: string) => readonly string[],
): Promise<{ store: ImageStore; pool: string; left: () => string[] }> {
  const pool = scratch(t)
  const store = await openImages(pool, users)
  return { store, pool, left: () => readdirSync(join(pool, 'repository/images')) }
}

/** Mounts something on a new directory, until the test ends. */
export function mounted(t: Test, ...args: string[]): string {
  const path = mkdtempSync(join(tmpdir(), 'vpsadminos-mount-'))
  execFileSync('mount', [...args, path])
  t.teardown(() => {
    execFileSync('umount', [path])
    rmSync(path, { recursive: true, force: true })
  })
  return path
}
