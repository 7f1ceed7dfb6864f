// Gives a stopped container another rootfs, from an image: its settings, ids and datasets stay. The new one is
// made beside the first, which is what the container has until its file is that of the new one.

import { InUseError } from '../host/errors.js'
import type { OperationOptions } from '../host/operation.js'
import type { Patch } from '../pool/config-file.js'
import { poolError } from '../pool/write-file.js'
import {
  reinstallSettings,
  type ContainerFile,
  type ReinstallSettings,
} from '../schema/container.js'
import { objectOf, parse } from '../schema/parse.js'
import { done } from '../step.js'
import { Undo } from '../undo.js'
import { initOf } from './image-facts.js'
import { prepareGuest } from './prepare-guest.js'
import type { ContainerRecord } from './record.js'

const UNMARKED = { vpsadminos: { reinstalling: undefined } }

/** It can be given up until the new rootfs is whole. */
export interface ReinstallOptions extends ReinstallSettings, OperationOptions {}

export async function reinstallContainer(
  record: ContainerRecord,
  options: ReinstallOptions = {},
): Promise<void> {
  const { signal, wait, label, ...settings } = objectOf(options, 'reinstall')
  const { image: query, removeSnapshots } = parse(reinstallSettings, settings, 'reinstall')
  using op = await record.begin('reinstall', { signal, wait, label })
  // What is set meanwhile would be written into the first one.
  using _settings = await record.lockSettings(op)
  using _rootfs = await record.lockRootfs(op)
  record.assertStopped('reinstall')
  // What has failed in the last one may be mended by now.
  await finishReinstall(record)
  record.assertWhole('reinstall')
  const { pool, config, host, id } = record
  const { distribution, version, arch } = config
  const image = pool.images.find(query ?? { distribution, version, arch })
  using _hold = pool.images.hold(image, `container ${id}`)
  if (!removeSnapshots) await assertNoSnapshots(record)
  const init = await initOf(pool.images, image)

  const mode = pool.marker.clone_mode
  const fields: Patch = {
    distribution: image.distribution,
    version: image.version,
    arch: image.arch,
    vpsadminos: {
      clone_mode: mode,
      image: image.id,
      image_digest: image.digest,
      init: init.kind,
      systemd_version: init.systemdVersion ?? undefined,
      unnamed: undefined,
      reinstalling: 'replacing',
    },
  }
  await using undo = new Undo()
  const { home } = record
  const { replacement } = pool.driver
  const source = { mode, image }
  const write = async (patch: Patch): Promise<void> => {
    record.config = await record.file.update(patch)
  }
  try {
    undo.add(() => write(UNMARKED))
    await write({ vpsadminos: { reinstalling: 'preparing' } })
    done('reinstall.marked', op.signal)
    await replacement.create(home, source, { signal: op.signal })
    undo.add(() => replacement.discard(home))
    done('reinstall.rootfs', op.signal)
    const target = host.paths.rootfs(pool.name, id)
    const rootfs = pool.driver.plan(replacement.beside(home), source, target, record.user)
    const renewed = { ...config, distribution: image.distribution }
    await prepareGuest({ pool, config: renewed, id }, rootfs, image, init)
    done('reinstall.guest', op.signal)
    op.goOn()
    undo.add(() => write(fieldsOf(config)))
    await write(fields)
    undo.commit()
    done('reinstall.replacing')
    await finishReinstall(record)
  } catch (error) {
    throw poolError(error, home)
  }
  host.emit({ type: 'reinstalled', pool: pool.name, id })
}

/** Goes on with one that was begun: with the new rootfs where that is whole, else with the first. */
export async function finishReinstall(record: ContainerRecord): Promise<void> {
  const { reinstalling } = record.config.vpsadminos
  if (reinstalling === undefined) return
  const { replacement } = record.pool.driver
  if (reinstalling === 'replacing') {
    await replacement.finish(record.home)
    done('reinstall.replaced')
  } else {
    await replacement.discard(record.home)
  }
  record.config = await record.file.update(UNMARKED)
  done('reinstall.done')
}

/** What of the file is about the rootfs, while another one is being made. */
function fieldsOf({ distribution, version, arch, vpsadminos }: ContainerFile): Patch {
  const { clone_mode, image, image_digest, init, systemd_version, unnamed } = vpsadminos
  return {
    distribution,
    version,
    arch,
    vpsadminos: {
      clone_mode,
      image,
      image_digest,
      init,
      systemd_version,
      unnamed,
      reinstalling: 'preparing',
    },
  }
}

async function assertNoSnapshots({ pool, home, id }: ContainerRecord): Promise<void> {
  const found = (await pool.driver.snapshots?.list(home)) ?? []
  if (found.length === 0) return
  const names = found.map(({ name }) => `snapshot ${name}`)
  throw new InUseError('container', `${pool.name}:${id}`, names)
}
