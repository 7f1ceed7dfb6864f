// Changes settings: in the file for good, in the kernel at once where that can be.

import { resetOf } from '../group/limit-params.js'
import { applyParams, usableParams } from '../group/cgparams.js'
import type { Cgparam } from '../schema/cgparam.js'
import { containerSettings, type ContainerSettingsInput } from '../schema/container.js'
import { parse } from '../schema/parse.js'
import { hostnameFiles, hostsFile, resolvConf, writeGuestFiles } from './guest-files.js'
import { utsName } from './hostname.js'
import { writeLxcFile } from './lxc-file.js'
import type { ContainerRecord } from './record.js'
import { checkSettings, NEXT_START, patchOf, type SettingName } from './settings.js'

export interface SetResult {
  /** What is in force now; for a stopped container, what is stored. */
  readonly applied: readonly SettingName[]
  /** What waits for the next start, or for the next reboot from inside. */
  readonly pending: readonly SettingName[]
}

export async function setContainer(
  record: ContainerRecord,
  settings: ContainerSettingsInput,
): Promise<SetResult> {
  const checked = parse(containerSettings, settings, 'set')
  checkSettings(checked, record.host.machine, 'set')
  return record.mutex.run(async () => {
    const before = record.config
    const patch = patchOf(checked, before, 'set')
    const live = record.run.alive
    if (live && 'cgparams' in patch) {
      await applyCgparams(record, before.cgparams, patch['cgparams'] as Cgparam[])
    }
    try {
      record.config = await record.file.update(patch)
    } catch (error) {
      if (live && 'cgparams' in patch) {
        await applyCgparams(record, patch['cgparams'] as Cgparam[], before.cgparams)
      }
      throw error
    }
    if (checked.hostname !== undefined || checked.dnsResolvers !== undefined) {
      await nameGuest(record, checked.hostname !== undefined, live)
    }
    // A reboot from inside takes what is there then, also when nobody has the host open.
    if (live) await writeLxcFile(record)
    const names = Object.keys(checked) as SettingName[]
    const pending = names.filter((name) => live && NEXT_START.has(name))
    for (const name of pending) record.pending.add(name)
    record.host.emit({ type: 'changed', pool: record.pool.name, id: record.id, settings: names })
    return Object.freeze({
      applied: names.filter((name) => !pending.includes(name)),
      pending,
    })
  })
}

/** Writes the new parameters, and takes back those that are not among them any more. */
async function applyCgparams(
  record: ContainerRecord,
  before: readonly Cgparam[],
  after: readonly Cgparam[],
): Promise<void> {
  const gone = before.filter(
    (old) => !after.some(({ version, name }) => version === old.version && name === old.name),
  )
  const params = [...gone.flatMap((param) => resetOf(param) ?? []), ...after]
  await applyParams(record.cgroupDir(), usableParams(record.host.cgroups, params))
}

async function nameGuest(record: ContainerRecord, renamed: boolean, live: boolean): Promise<void> {
  const { config, id, host } = record
  const hostname = config.hostname ?? utsName(id, null)
  const files = [
    ...(renamed ? [...hostnameFiles(config.distribution, hostname), hostsFile(hostname)] : []),
    ...(config.dns_resolvers == null ? [] : [resolvConf(config.dns_resolvers)]),
  ]
  const name = utsName(id, config.hostname ?? null)
  const more = renamed && live ? [{ op: 'hostname', name } as const] : []
  const keeper = await host.keeper()
  await record.withFiles((where) => writeGuestFiles(keeper, where, files, more))
}
