// Cgroup parameters as they are set and shown, and how they come into the kernel, in words that this
// machine understands.

import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { SystemError } from '../errors.js'
import type { CgroupDir } from '../cgroup/cgroup-dir.js'
import type { Cgroups } from '../cgroup/cgroups.js'
import { InvalidArgumentError } from '../host/errors.js'
import type { Pool } from '../pool/pool.js'
import type { z } from 'zod'
import type { Cgparam, cgparamChange } from '../schema/cgparam.js'
import { limitOf } from './limit-params.js'

/** One parameter as `show()` tells it, and as it may be given to `set()` again. */
export interface CgparamSnapshot {
  /** Of cgroups: the version whose file it is. */
  readonly version: 1 | 2
  /** A file of a controller. */
  readonly name: string
  /** Written one after the other. */
  readonly value: readonly string[]
}

/** The parameters without those that limits are stored in. */
export function shownParams(params: readonly Cgparam[]): readonly CgparamSnapshot[] {
  return params
    .filter((param) => limitOf(param) === undefined)
    .map(({ version, name, value }) => Object.freeze({ version, name, value }))
}

/** Which of the parameters this machine has: those of the version that its controller is in. */
export function usableParams(cgroups: Cgroups, params: readonly Cgparam[]): Cgparam[] {
  return params.filter(({ version, subsystem }) => cgroups.version(subsystem) === version)
}

/** Those that are kept for machines where their controller is of the other version. */
export function unusedParams(
  cgroups: Cgroups,
  params: readonly Cgparam[],
): readonly CgparamSnapshot[] {
  return shownParams(
    params.filter(({ version, subsystem }) => cgroups.version(subsystem) !== version),
  )
}

/**
 * The parameters after the list of those that are no limits was replaced. One that is given as it was
 * stays as it stands in the file, with what the original keeps there besides.
 */
export function replacedParams(before: readonly Cgparam[], given: readonly Cgparam[]): Cgparam[] {
  const limits = before.filter((param) => limitOf(param) !== undefined)
  return [...given.map((param) => before.find((old) => isEqual(old, param)) ?? param), ...limits]
}

/** The parameters that are no limits, after some of them were changed: each stays in its place, new ones come last. */
export function changedParams(
  before: readonly Cgparam[],
  { set, append, unset }: z.output<typeof cgparamChange>,
): Cgparam[] {
  const isUnset = ({ name, version }: Cgparam) =>
    unset.some((one) => one.name === name && (one.version ?? version) === version)
  const after = before.filter((param) => limitOf(param) === undefined && !isUnset(param))
  for (const param of set) {
    const at = after.findIndex((old) => isSame(old, param))
    const old = after[at]
    if (old === undefined) after.push(param)
    else after[at] = { ...old, value: [...(append ? old.value : []), ...param.value] }
  }
  return after
}

/**
 * Refuses new parameters that could never be written here: without a controller, or without a file of
 * it. What is of the version that this machine does not have is not known, and may be set ahead.
 *
 * @param before what is there already, and not looked at again
 * @param where the list is, in errors: `set.cgparams`
 * @throws InvalidArgumentError
 */
export async function checkParams(
  pool: Pool,
  before: readonly Cgparam[],
  given: readonly Cgparam[],
  where: string,
): Promise<void> {
  const { cgroups } = pool.host
  for (const [index, param] of given.entries()) {
    if (before.some((old) => isEqual(old, param))) continue
    const { version, subsystem, name } = param
    if (version !== (cgroups.version(subsystem) ?? (cgroups.layout === 'unified' ? 2 : 1))) continue
    const refuse = (reason: string) =>
      new InvalidArgumentError(`${where}.${index}.name`, `${reason}, got "${name}"`)
    const mountpoint = cgroups.mountpoint(subsystem)
    if (mountpoint === null) throw refuse(`this machine has no controller '${subsystem}'`)
    // All cgroups have the same files but the root of the hierarchy; the pool's is always there.
    const root = pool.groups.get('/')
    await root?.ensureCgroup()
    const mode = await stat(join(mountpoint, root?.cgroup ?? '', name)).then(
      (info) => info.mode,
      () => null,
    )
    if (mode === null) throw refuse(`controller '${subsystem}' has no such file here`)
    if ((mode & 0o222) === 0) throw refuse('can only be read')
  }
}

/**
 * Writes them in order. Memory limits depend on one another, so one that the kernel refuses is tried
 * again after the others.
 *
 * @throws SystemError of the first parameter that stays refused
 */
export async function applyParams(dir: CgroupDir, params: readonly Cgparam[]): Promise<void> {
  const again: Cgparam[] = []
  for (const param of params) {
    try {
      await apply(dir, param)
    } catch (error) {
      if (isMissing(error) && OPTIONAL.has(param.name)) continue
      if (param.subsystem !== 'memory') throw error
      again.push(param)
    }
  }
  for (const param of again) await apply(dir, param)
}

// Kernels can be built or booted without accounting of swap.
const OPTIONAL = new Set(['memory.memsw.limit_in_bytes', 'memory.swap.max'])

/** On v1 the kernel says EBUSY where memory cannot be taken away; on v2 it kills. */
export function memoryRefusal(error: unknown, what: string): unknown {
  if (!(error instanceof SystemError && error.code === 'EBUSY')) return error
  if (!/\/memory\.(memsw\.)?limit_in_bytes$/.test(error.path ?? '')) return error
  const reason = 'is less than what is used and cannot be given back'
  return new InvalidArgumentError(`${what}.memoryLimit`, reason, { cause: error })
}

async function apply(dir: CgroupDir, { subsystem, name, value }: Cgparam): Promise<void> {
  for (const each of value) await dir.write(subsystem, name, each)
}

/** True for two of the same file. */
export function isSame(a: Cgparam, b: Cgparam): boolean {
  return a.version === b.version && a.name === b.name
}

function isEqual(a: Cgparam, b: Cgparam): boolean {
  return (
    isSame(a, b) &&
    a.value.length === b.value.length &&
    a.value.every((each, index) => each === b.value[index])
  )
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}
