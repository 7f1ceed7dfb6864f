// Changes settings: in the file for good, in the kernel at once where that can be.

import { resetOf } from '../group/limit-params.js'
import {
  checkParams,
  isSame,
  unusedParams,
  usableParams,
  type CgparamSnapshot,
} from '../group/cgparams.js'
import { SystemError } from '../errors.js'
import { InvalidArgumentError } from '../host/errors.js'
import { checkOptions, type Operation, type OperationOptions } from '../host/operation.js'
import { KeeperError } from '../keeper/errors.js'
import type { Exchanged } from '../pool/config-file.js'
import type { Cgparam } from '../schema/cgparam.js'
import {
  containerSettings,
  type ContainerFile,
  type ContainerSettings,
  type ContainerSettingsInput,
} from '../schema/container.js'
import { noSuchOption, parse } from '../schema/parse.js'
import { nameFiles, resolverFiles, writeGuestFiles } from './guest-files.js'
import { utsName } from './hostname.js'
import { writeLxcFile } from './lxc-file.js'
import { applyLimits, writeParams } from './limits.js'
import type { ContainerRecord } from './record.js'
import { checkSettings, NEXT_START, patchOf, type SettingName } from './settings.js'
import { done } from '../step.js'
import { forgetUnapplied, whileUnapplied } from './unapplied.js'

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
const UNNAMED = { vpsadminos: { unnamed: true } }

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
  checkOptions(options, what)
  if (names.length === 0) return Object.freeze({ applied: [], pending: [], unusedCgparams: [] })
  // Beside a start or a stop, which may take long.
  using op = record.beside(what, options)
  using _settings = await record.lockSettings(op)
  record.assertPresent()
  const before = record.config
  const patch = patchOf(checked, before, what)
  await checkParams(record.pool, before.cgparams, checked.cgparams ?? [], what)
  const live = record.run.alive
  const naming = checked.hostname !== undefined || checked.dnsResolvers !== undefined
  const applyParams = async (from: readonly Cgparam[], to: readonly Cgparam[]) => {
    if (live && 'cgparams' in patch) await applyCgparams(record, from, to)
  }
  const params = (patch['cgparams'] ?? []) as Cgparam[]
  const mark = naming ? UNNAMED : {}
  const finish = async (): Promise<void> => {
    if (naming) await finishNaming(op, record, checked.hostname !== undefined)
    done('set.guest')
    // A reboot from inside takes what is there then, also when nobody has the host open.
    if (live) await writeLxcFile(record)
    done('set.lxc')
  }
  const takeBack = async (changed: Exchanged<ContainerFile>, failed: unknown): Promise<void> => {
    record.config = await record.file.restore(changed, mark)
    await applyParams(params, before.cgparams)
    // A guest that does not answer is not asked again: the next import does that.
    if (!(failed instanceof KeeperError && failed.code === 'ERR_TIMEOUT')) await finish()
    if (live) await forgetUnapplied(record)
  }
  const change = async (): Promise<void> => {
    let writing = false
    let changed: Exchanged<ContainerFile>
    try {
      await applyParams(before.cgparams, params)
      done('set.limits', op.signal)
      writing = true
      changed = await record.file.exchange({ ...patch, ...mark })
    } catch (error) {
      const undone = await applyParams(params, before.cgparams).then(...isDone)
      // Otherwise the file may be the new one, although that could not be made sure of.
      if (live && undone && !writing) await forgetUnapplied(record)
      throw refusal(error, checked, what)
    }
    record.config = changed.value
    op.goOn()
    try {
      done('set.file')
      await finish()
    } catch (error) {
      // As far as that goes where the disk is full, or the guest is in the way.
      await takeBack(changed, error).catch(() => undefined)
      throw error
    }
  }
  await (live ? whileUnapplied(record, change) : change())
  const unusedCgparams = unusedParams(record.host.cgroups, checked.cgparams ?? [])
  const waits = (name: SettingName): boolean => {
    const inFile = NEXT_START.get(name)
    if (inFile) return record.pending.changed(name, inFile(before), inFile(record.config))
    if (name !== 'cgparams' || !isStuck(record, before.cgparams)) return false
    record.pending.add(name)
    return true
  }
  const pending = names.filter((name) => live && waits(name))
  record.host.emit({ type: 'changed', pool: record.pool.name, id: record.id, settings: names })
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

const isDone = [() => true, () => false] as const

/** On v1 the kernel says EBUSY where memory cannot be taken away; on v2 it kills. */
function refusal(error: unknown, { memoryLimit }: ContainerSettings, what: string): unknown {
  const used = error instanceof SystemError && error.code === 'EBUSY' && memoryLimit != null
  if (!used) return error
  const reason = 'is less than what is used and cannot be given back'
  return new InvalidArgumentError(`${what}.memoryLimit`, reason, { cause: error })
}

/** Parameters that are among the new ones no more. */
function goneOf(before: readonly Cgparam[], after: readonly Cgparam[]): Cgparam[] {
  return before.filter((old) => !after.some((param) => isSame(param, old)))
}

// Not every parameter has a value that takes it back: its cgroup keeps it as long as it runs.
function isStuck({ host, config }: ContainerRecord, before: readonly Cgparam[]): boolean {
  const gone = goneOf(before, config.cgparams)
  return usableParams(host.cgroups, gone).some((param) => resetOf(param) === null)
}

/** Writes the new parameters, and takes back those that are not among them any more. */
async function applyCgparams(
  record: ContainerRecord,
  before: readonly Cgparam[],
  after: readonly Cgparam[],
): Promise<void> {
  const gone = goneOf(before, after)
  const params = [...gone.flatMap((param) => resetOf(param) ?? []), ...after]
  await writeParams(record, params)
}

/** @param renamed whether more than its resolvers has changed */
export async function finishNaming(
  op: Operation,
  record: ContainerRecord,
  renamed = true,
): Promise<void> {
  const { config, id, run } = record
  const names = renamed ? nameFiles(record) : []
  const name = utsName(id, config.hostname ?? null, config.distribution)
  const more = renamed && run.alive ? [{ op: 'hostname', name } as const] : []
  await writeGuestFiles(op, record, [...names, ...resolverFiles(record)], more)
  record.config = await record.file.update({ vpsadminos: { unnamed: undefined } })
}

/** Has a running container be as its file says, whatever a process that was cut off has left. */
export async function reapply(record: ContainerRecord): Promise<void> {
  await whileUnapplied(record, async () => {
    await applyLimits(record)
    await writeLxcFile(record)
  })
}
