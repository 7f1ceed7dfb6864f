// The addon for tests only, which `npm run build:dev` makes: native/napi with work whose course a test
// decides.
import { writeSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ClosedError, LibraryMissingError, SystemError } from '../../dist/errors.js'

export interface Thing {
  readonly __native: 'selftest thing'
}

export interface Listening {
  readonly __native: 'subscription'
}

export type Ring = { type: 'ring'; number: number } | { type: 'lost'; count: number }

export interface Selftest {
  setErrors: (classes: object) => void
  /** A negative result is an errno to fail with. */
  run: (milliseconds: number, result: number) => Promise<number>
  slow: (milliseconds: number, result: number) => Promise<number>
  tree: (milliseconds: number, result: number) => Promise<number>
  thing: () => Thing
  inQueue: (thing: Thing, milliseconds: number, result: number) => Promise<number>
  close: (thing: Thing) => void
  badConvert: () => Promise<never>
  /** `most` is what ran at once since it was last asked. */
  counters: () => { running: number; most: number; things: number }
  eventFd: () => number
  /** Takes the descriptor over. */
  listen: (
    fd: number,
    drop: boolean,
    limit: number,
    keepsAlive: boolean,
    callback: (event: Ring) => void,
  ) => Listening
  unlisten: (listening: Listening) => void
  boolean: (value: unknown) => boolean
  string: (value: unknown) => string
  int32: (value: unknown) => number
  uint32: (value: unknown) => number
  integer: (value: unknown) => number
  number: (value: unknown) => number
  strings: (value: unknown) => string[]
  bigint: (value: unknown) => bigint
  bytes: (value: unknown) => Buffer
  nullable: (value: unknown) => string | null
}

const root = fileURLToPath(new URL('../../', import.meta.url))
const addon = process.env['VPSADMINOS_ADDON']
/** Beside the addon under test, so that both come from the same build. */
export const selftestPath = join(
  addon?.includes('/out/') ? dirname(addon) : join(root, 'out/Debug'),
  'selftest.node',
)

export function loadSelftest(): Selftest {
  const bindings = createRequire(import.meta.url)('bindings') as (options: object) => Selftest
  const selftest = bindings({
    bindings: 'selftest',
    module_root: dirname(selftestPath),
    try: [['module_root', 'bindings']],
  })
  selftest.setErrors({ ClosedError, LibraryMissingError, SystemError })
  return selftest
}

/** Adds to an eventfd: `listen()` makes that many events of it. */
export function ring(fd: number, count: number): void {
  const value = Buffer.alloc(8)
  value.writeBigUInt64LE(BigInt(count))
  writeSync(fd, value)
}
