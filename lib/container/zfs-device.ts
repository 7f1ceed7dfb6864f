// /dev/zfs in a container: there while it has a dataset in its own hands, and not otherwise.

import { statSync } from 'node:fs'
import { UnsupportedError } from '../host/errors.js'
import { LxcContainer } from '../lxc/lxc-container.js'
import { isNotRunning } from '../keeper/errors.js'
import type { ContainerFile } from '../schema/container.js'
import { assertConfining } from '../storage/zfs/version.js'
import type { HostDevice } from './lxc-config.js'
import type { ContainerRecord } from './record.js'

const PATH = '/dev/zfs'
const FEATURE = 'a dataset in the hands of a container'

/** Whether something is in its own hands. */
export function isDelegatedTo({ vpsadminos: { delegated } }: ContainerFile): boolean {
  return (delegated ?? []).length > 0
}

/** @throws UnsupportedError where a container could not use it */
export function zfsDevice(): HostDevice {
  assertConfining()
  const found = statSync(PATH, { throwIfNoEntry: false })
  if (found?.isCharacterDevice() !== true)
    throw new UnsupportedError(FEATURE, `there is no ${PATH}`)
  if ((found.mode & 0o006) !== 0o006) {
    const mode = (found.mode & 0o777).toString(8).padStart(4, '0')
    const reason = `${PATH} has mode ${mode}, and 0666 is what OpenZFS's own rule for udev gives it`
    throw new UnsupportedError(FEATURE, reason)
  }
  // glibc's gnu_dev_major() and gnu_dev_minor(), for numbers of 32 bits.
  const major = (found.rdev >>> 8) & 0xfff
  const minor = (found.rdev & 0xff) | ((found.rdev >>> 12) & 0xfff00)
  return { path: PATH, rule: `c ${major}:${minor} rw` }
}

/** Has a running container have it, or no more. What ends meanwhile needs neither. */
export async function setZfsDevice(record: ContainerRecord, wanted: boolean): Promise<void> {
  const { host, pool, id } = record
  const { path, rule } = zfsDevice()
  try {
    await using ct = await LxcContainer.open(id, host.paths.lxc(pool.name))
    await ct.setCgroup(wanted ? 'devices.allow' : 'devices.deny', rule)
    // Out of reach, it stays where it is until the run is over.
    if (!wanted) return
    const keeper = await host.keeper()
    await keeper.mount(pool.name, id, { mode: 'device', lower: null, upper: path, at: path })
  } catch (error) {
    if (record.run.alive && !isNotRunning(error)) throw error
  }
}
