// Finds and loads the addon, on first use and never on import. The whole policy:
//  1. VPSADMINOS_ADDON=/path/file.node: exactly that file (sanitizer builds)
//  2. node-gyp-build: build/Release, build/Debug, then prebuilds/ by platform and libc
//  3. otherwise one error that says what was tried and what to do
import { createRequire } from 'node:module'
import { isAbsolute, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Addon, Native } from '#native'
import { LxcError } from './lxc/lxc-error.js'
import { ZfsError } from './zfs/zfs-error.js'
import { AddonMissingError, ClosedError, LibraryMissingError, SystemError } from './errors.js'

const require = createRequire(import.meta.url)
const root = fileURLToPath(new URL('..', import.meta.url))

function message(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function libc(): string {
  const { header } = process.report.getReport() as { header: { glibcVersionRuntime?: string } }
  return header.glibcVersionRuntime === undefined ? 'musl' : `glibc ${header.glibcVersionRuntime}`
}

function missing(tried: string[], cause: unknown): AddonMissingError {
  const lines = [
    `The native addon of vpsadminos does not load on ${process.platform}-${process.arch}, ` +
      `${libc()}, Node ${process.version}.`,
    'Tried:',
    ...tried.map((path) => `  ${path}`),
    `Reason: ${message(cause)}`,
    'Possible solutions:',
    '  npm rebuild --build-from-source vpsadminos   (needs a C++20 compiler, make and python3)',
    "  LIBC=musl, when this system uses musl and isn't Alpine",
    '  VPSADMINOS_ADDON=/path/to/addon.node, when it was built elsewhere',
  ]
  return new AddonMissingError(lines.join('\n'), { cause })
}

function open(): Addon {
  const exact = process.env['VPSADMINOS_ADDON']
  if (exact !== undefined && exact !== '') {
    try {
      if (!isAbsolute(exact)) throw new Error('VPSADMINOS_ADDON must be an absolute path')
      return require(exact) as Addon
    } catch (cause) {
      throw missing([exact], cause)
    }
  }
  try {
    return (require('node-gyp-build') as (dir: string) => Addon)(root)
  } catch (cause) {
    const platform = `${process.platform}-${process.arch}`
    const places = ['build/Release', 'build/Debug', `prebuilds/${platform}`]
    throw missing(
      places.map((place) => join(root, place)),
      cause,
    )
  }
}

let addon: Addon | null = null

/** What `native` does on first use. */
export function load(): Addon {
  if (addon === null) {
    addon = open()
    addon.setErrors({ ClosedError, LibraryMissingError, LxcError, SystemError, ZfsError })
  }
  return addon
}

/** The native boundary. Not public and not stable; `types/native.d.ts` is its contract. */
export const native: Native = {
  features() {
    return load().features()
  },
  get lxc() {
    return load().lxc
  },
  get zfs() {
    return load().zfs
  },
  get cgroup() {
    return load().cgroup
  },
  get ns() {
    return load().ns
  },
  get keeper() {
    return load().keeper
  },
  get process() {
    return load().process
  },
  get net() {
    return load().net
  },
}
