// What a configuration that is given as a whole may say. What the schema of files lets through was written by this
// library, or by vpsAdminOS; of what is new, as much is asked as of settings that are given one by one.

import { isDeepStrictEqual } from 'node:util'
import { z } from 'zod'
import { datasetsOf } from '../dataset/storage.js'
import { checkParams } from '../group/cgparams.js'
import { limitOf, limitsOf } from '../group/limit-params.js'
import { ExistsError, InvalidArgumentError, NotFoundError } from '../host/errors.js'
import { isIn } from '../is-in.js'
import { datasetMounts } from '../mount/dataset-mounts.js'
import { assertNotDelegated } from '../mount/mounts.js'
import type { ConfigDocument, Patch } from '../pool/config-document.js'
import { attributeChanges } from '../schema/attributes.js'
import { cgparamInput } from '../schema/cgparam.js'
import {
  containerFile,
  containerSettings,
  distributionInput,
  text,
  type ContainerFile,
} from '../schema/container.js'
import { mountInput } from '../schema/dataset.js'
import { groupPath } from '../schema/names.js'
import { parse } from '../schema/parse.js'
import type { ContainerRecord } from './record.js'
import { checkSettings, settingsIn } from './settings.js'

/** What else there is to say of a field that must stay. */
const INSTEAD: Readonly<Record<string, string>> = {
  user: 'chown() gives it another one',
  group: 'chgrp() puts it into another one',
  dataset: 'it says where its files are',
  state: 'it marks what is not finished',
}
const OWN = 'it is what this library has noted'

/** What vpsAdminOS has beside that. It is kept, and without effect here. */
const ORIGINALS = [
  ...['devices', 'cpu_package', 'start_menu', 'impermanence', 'hints', 'send_log'],
  ...['local_transfer_log', 'incarnation_id', 'map_mode', 'vendor', 'variant'],
]
const KNOWN = new Set([...Object.keys(containerFile.shape), ...ORIGINALS])

/** What need not be said stays as it is, and has no default. */
const givenFile = containerFile.extend({
  user: z.string().optional(),
  group: groupPath.optional(),
  distribution: text.nullish(),
  version: text.nullish(),
  arch: text.nullish(),
  vpsadminos: z.looseObject({}).optional(),
})

/**
 * The fields that a configuration must not change: one that it leaves out has to be written into it.
 *
 * @throws ConfigBrokenError with line and column; InvalidArgumentError naming one that it says otherwise
 */
export function keptFields(before: ContainerFile, document: ConfigDocument, what: string): Patch {
  const given = document.check(givenFile)
  const unknown = Object.keys(given).find((field) => !KNOWN.has(field) && !(field in before))
  if (unknown !== undefined) throw new InvalidArgumentError(`${what}.${unknown}`, 'is not known')
  const kept: Record<string, unknown> = {}
  // What is in its rootfs does not change by not being said.
  for (const field of ['distribution', 'version', 'arch'] as const) {
    if (given[field] == null) kept[field] = before[field]
  }
  for (const field of ['user', 'group', 'dataset', 'state'] as const) {
    const value = before[field] ?? undefined
    if (given[field] == null) {
      if (value !== undefined) kept[field] = value
    } else if (given[field] !== value) throw mustStay(`${what}.${field}`, value, INSTEAD[field])
  }
  const own = new Map(Object.entries(before.vpsadminos))
  const others = new Map(Object.entries(given.vpsadminos ?? {}))
  const keptOwn: Record<string, unknown> = {}
  for (const field of new Set([...own.keys(), ...others.keys()])) {
    // That one is a setting.
    if (field === 'autostart') continue
    const value = own.get(field)
    if (others.get(field) === undefined) keptOwn[field] = value
    else if (!isDeepStrictEqual(others.get(field), value))
      throw mustStay(`${what}.vpsadminos.${field}`, value, OWN)
  }
  return { ...kept, vpsadminos: keptOwn }
}

function mustStay(argument: string, value: unknown, why = ''): InvalidArgumentError {
  const now = value === undefined ? 'must not be given' : `must stay ${JSON.stringify(value)}`
  return new InvalidArgumentError(argument, `${now}: ${why}`)
}

/**
 * Checks what a configuration says otherwise than the one before.
 *
 * @returns what changes, as it is called where settings are
 * @throws InvalidArgumentError, NotFoundError, ExistsError
 */
export async function checkConfig(
  record: ContainerRecord,
  after: ContainerFile,
  what: string,
): Promise<string[]> {
  const before = record.config
  const { cgparams: _before, ...then } = settingsIn(before)
  const { cgparams, ...now } = settingsIn(after)
  const changed = differing(then, now)
  checkSettings(parse(containerSettings, changed, what), record.host.machine, what)
  const names = Object.keys(changed)
  if (!isDeepStrictEqual(before.cgparams, after.cgparams)) {
    const isOld = isIn(before.cgparams)
    const given = cgparams.filter((param) => !isOld(param) && limitOf(param) === undefined)
    for (const { version, name, value } of given)
      parse(cgparamInput, { version, name, value }, `${what}.cgparams`)
    const limits = differing(limitsOf(before.cgparams), limitsOf(after.cgparams))
    checkSettings(parse(containerSettings, limits, what), record.host.machine, what)
    await checkParams(record.pool, before.cgparams, after.cgparams, `${what}.cgparams`)
    names.push('cgparams', ...Object.keys(limits))
  }
  const distribution = differing(distributionOf(before), distributionOf(after))
  parse(distributionInput.partial(), distribution, what)
  if (Object.keys(distribution).length > 0) names.push('distribution')
  if (!isDeepStrictEqual(before.mounts ?? [], after.mounts ?? [])) {
    await checkMounts(record, after, what)
    names.push('mounts')
  }
  const attrs = differing(before.attrs ?? {}, after.attrs ?? {})
  parse(attributeChanges, attrs, `${what}.attrs`)
  if (Object.keys(after.attrs ?? {}).length > 256)
    throw new InvalidArgumentError(`${what}.attrs`, 'must be at most 256')
  if (!isDeepStrictEqual(before.attrs ?? {}, after.attrs ?? {})) names.push('attributes')
  return names
}

function distributionOf({ distribution, version, arch }: ContainerFile) {
  return { distribution, version, arch }
}

/** What the second one says otherwise. */
function differing<T extends object>(before: T, after: T): Partial<T> {
  const old = new Map(Object.entries(before))
  const entries = Object.entries(after).filter(
    ([name, value]) => !isDeepStrictEqual(old.get(name), value),
  )
  return Object.fromEntries(entries) as Partial<T>
}

async function checkMounts(
  record: ContainerRecord,
  after: ContainerFile,
  what: string,
): Promise<void> {
  const mounts = datasetMounts(after)
  const before = datasetMounts(record.config)
  const added = mounts.filter((one) => !isIn(before)(one))
  if (added.length === 0) return
  const all = await datasetsOf(record).list(record.home)
  for (const { dataset, mountpoint, readonly } of added) {
    parse(mountInput, { dataset, mountpoint, readonly }, `${what}.mounts`)
    assertNotDelegated(record, dataset)
    if (!all.some(({ name }) => name === dataset)) throw new NotFoundError('dataset', dataset)
    if (mounts.filter((one) => one.mountpoint === mountpoint).length > 1)
      throw new ExistsError('mount', mountpoint)
  }
}
