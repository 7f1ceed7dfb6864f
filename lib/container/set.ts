// Changes settings: in the file for good, in the kernel at once where that can be.

import {
  changedParams,
  checkParams,
  memoryRefusal,
  unusedParams,
  type CgparamSnapshot,
} from '../group/cgparams.js'
import { InvalidArgumentError } from '../host/errors.js'
import { checkOptions, type Operation, type OperationOptions } from '../host/operation.js'
import { forgetUnapplied, isTakenBack, unappliedParams } from '../host/unapplied.js'
import { KeeperError } from '../keeper/errors.js'
import type { FileOp } from '../keeper/types.js'
import type { Exchanged, Patch } from '../pool/config-file.js'
import { cgparamChange, type Cgparam, type CgparamChange } from '../schema/cgparam.js'
import {
  containerSettings,
  type ContainerFile,
  type ContainerSettings,
  type ContainerSettingsInput,
} from '../schema/container.js'
import { noSuchOption, parse } from '../schema/parse.js'
import {
  nameFiles,
  resolverFiles,
  restoreGuestFiles,
  writeGuestFiles,
  type FilesBefore,
} from './guest-files.js'
import { runMark } from './ephemeral.js'
import { utsName } from './hostname.js'
import { LiveParams } from './live-params.js'
import { whileChanging } from './pending.js'
import type { ContainerRecord } from './record.js'
import { checkSettings, patchOf, type SettingName } from './settings.js'
import { done } from '../step.js'
import { tellNextRun } from './next-run.js'
import { isDelegatedTo, setZfsDevice } from './zfs-device.js'

export interface SetResult {
  /** What is in force now; for a stopped container, what is stored. */
  readonly applied: readonly SettingName[]
  /** What waits for the next start, or for the next reboot from inside. */
  readonly pending: readonly SettingName[]
  /**
   * Parameters among those given that are stored, but are in force neither now nor later on this
   * machine: it has their controller in the other version of cgroups.
   */
  readonly unusedCgparams: readonly CgparamSnapshot[]
}

/** Until names in the rootfs are those of the file: the next import goes on. */
const unnamed = (patch: Patch): Patch => ({
  ...patch,
  vpsadminos: { ...(patch['vpsadminos'] as Patch | undefined), unnamed: true },
})
const NAMED = { vpsadminos: { unnamed: undefined } }

/** @param what names the operation in messages */
export async function setContainer(
  record: ContainerRecord,
  settings: ContainerSettingsInput,
  options: OperationOptions = {},
  what = 'set',
): Promise<SetResult> {
  const checked = parse(containerSettings, settings, what)
  checkSettings(checked, record.host.machine, what)
  const names = (Object.keys(checked) as SettingName[]).filter(
    (name) => checked[name] !== undefined,
  )
  return await setNamed(record, names, () => checked, options, what)
}

/** Some of its cgroup parameters, whoever changes others at the same time. */
export async function changeCgparams(
  record: ContainerRecord,
  change: CgparamChange,
  options: OperationOptions = {},
): Promise<SetResult> {
  const checked = parse(cgparamChange, change, 'changeCgparams')
  checkOptions(options, 'changeCgparams')
  await checkParams(record.pool, [], checked.set, 'changeCgparams.set')
  const settingsOf = ({ cgparams }: ContainerFile) => ({
    cgparams: changedParams(cgparams, checked),
  })
  return await setNamed(record, ['cgparams'], settingsOf, options, 'changeCgparams')
}

/** @param settingsOf is asked when nobody else changes them any more */
async function setNamed(
  record: ContainerRecord,
  names: readonly SettingName[],
  settingsOf: (before: ContainerFile) => ContainerSettings,
  options: OperationOptions,
  what: string,
): Promise<SetResult> {
  checkOptions(options, what)
  if (names.length === 0) return Object.freeze({ applied: [], pending: [], unusedCgparams: [] })
  // Beside a start or a stop, which may take long.
  using op = await record.besideInPool(what, options)
  using _settings = await record.lockSettings(op)
  record.assertPresent()
  const before = record.config
  const checked = settingsOf(before)
  const naming = checked.hostname !== undefined || checked.dnsResolvers !== undefined
  if (naming) record.imageRun.assertAbsent(what)
  // Names that an earlier change has not come to are still to come.
  const { unnamed: unfinished } = before.vpsadminos
  const renamed = checked.hostname !== undefined || unfinished === true
  const patch = withRun(patchOf(checked, before, what), await runOf(record, checked))
  await checkParams(record.pool, before.cgparams, checked.cgparams ?? [], `${what}.cgparams`)
  const { live } = record
  const params =
    live && 'cgparams' in patch
      ? new LiveParams(record, before.cgparams, patch['cgparams'] as Cgparam[])
      : null
  const marked = naming ? unnamed : (given: Patch) => given
  const files: FilesBefore = new Map()
  const takeBack = async (back: Patch, failed: unknown): Promise<void> => {
    record.config = await record.file.update(marked(back))
    await params?.takeBack()
    // A guest that does not answer is not asked again: the next import does that.
    if (naming && !(failed instanceof KeeperError && failed.code === 'ERR_TIMEOUT')) {
      if (checked.hostname !== undefined) await setKernelName(op, record)
      await restoreGuestFiles(op, record, files)
      record.config = await record.file.update({ vpsadminos: { unnamed: unfinished } })
    }
    if (live) await tellNextRun(record)
  }
  const change = async (undone: () => Promise<void>): Promise<void> => {
    let writing = false
    let changed: Exchanged<ContainerFile>
    try {
      await params?.apply()
      done('set.limits', op.signal)
      writing = true
      changed = await record.file.exchange(marked(patch))
    } catch (error) {
      const isBack = await isTakenBack(params?.takeBack() ?? Promise.resolve())
      // Otherwise the file may be the new one, although that could not be made sure of.
      if (isBack && !writing) await undone()
      throw memoryRefusal(error, what)
    }
    record.config = changed.value
    op.goOn()
    try {
      done('set.file')
      if (naming) await finishNaming(op, record, renamed, files)
      done('set.guest')
      if (live) await tellNextRun(record)
      done('set.lxc')
    } catch (error) {
      // As far as that goes where the disk is full, or the guest is in the way.
      await takeBack(changed.back, error)
        .then(undone)
        .catch(() => undefined)
      throw error
    }
    if (params !== null) record.pending.changedParams(params.stuck, params.written)
  }
  const noted = params === null ? [] : [...before.cgparams, ...params.written]
  await (live ? whileChanging(record, noted, change) : change(() => Promise.resolve()))
  const unusedCgparams = unusedParams(record.host.cgroups, checked.cgparams ?? [])
  const waiting = live ? record.pending.names(record.config) : []
  const pending = names.filter((name) => waiting.includes(name))
  record.changed(names)
  const idle = unusedCgparams.length > 0 && unusedCgparams.length === checked.cgparams?.length
  return Object.freeze({
    applied: names.filter((name) => !pending.includes(name) && !(name === 'cgparams' && idle)),
    pending,
    unusedCgparams,
  })
}

/** Takes settings back to their defaults. */
export async function unsetContainer(
  record: ContainerRecord,
  names: readonly SettingName[],
  options: OperationOptions = {},
): Promise<SetResult> {
  const known = Object.keys(containerSettings.shape)
  for (const name of names as readonly unknown[]) {
    if (typeof name !== 'string') {
      throw new InvalidArgumentError('unset', 'takes names of settings, one by one')
    }
    if (!known.includes(name)) throw new InvalidArgumentError(`unset.${name}`, noSuchOption(known))
  }
  return setContainer(
    record,
    Object.fromEntries(names.map((name) => [name, null])),
    options,
    'unset',
  )
}

/** Whether it is deleted with the run that there is. */
async function runOf(record: ContainerRecord, { ephemeral }: ContainerSettings): Promise<Patch> {
  return ephemeral === undefined
    ? {}
    : await runMark(ephemeral === true && record.live && !record.programRun.present)
}

function withRun(patch: Patch, run: Patch): Patch {
  if (!('vpsadminos' in run)) return patch
  const own = { ...(patch['vpsadminos'] as Patch | undefined), ...(run['vpsadminos'] as Patch) }
  return { ...patch, vpsadminos: own }
}

/**
 * @param renamed whether more than its resolvers has changed
 * @param before gets the files that are changed, as they were
 */
export async function finishNaming(
  op: Operation,
  record: ContainerRecord,
  renamed = true,
  before: FilesBefore = new Map(),
): Promise<void> {
  const names = renamed ? nameFiles(record) : []
  const files = [...names, ...resolverFiles(record)]
  await writeGuestFiles(op, record, files, renamed ? kernelName(record) : [], before)
  record.config = await record.file.update(NAMED)
}

function kernelName({ config, id, run }: ContainerRecord): FileOp[] {
  const name = utsName(id, config.hostname ?? null, config.distribution)
  return run.alive ? [{ op: 'hostname', name }] : []
}

async function setKernelName(op: Operation, record: ContainerRecord): Promise<void> {
  await writeGuestFiles(op, record, [], kernelName(record))
}

/** Has a running container be as its file says, whatever a process that was cut off has left. */
export async function reapply(record: ContainerRecord): Promise<void> {
  const noted = await unappliedParams(record.unappliedNote)
  const params = new LiveParams(record, noted, record.config.cgparams)
  await params.apply()
  record.pending.changedParams(params.stuck, params.written)
  await tellNextRun(record)
  if (isDelegatedTo(record.config)) await setZfsDevice(record, true)
  await record.pending.note(record.pendingNote, record.run.initPid, record.config)
  await forgetUnapplied(record.unappliedNote)
}
