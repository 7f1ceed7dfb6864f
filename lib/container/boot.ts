// Starts a container with the root filesystem of an image, for one run. The root is made beside its own one,
// which is not touched, and goes when the run is over; a mark in its file tells the next import of it.

import type { Operation, OperationOptions } from '../host/operation.js'
import { timeoutOf } from '../host/deadline.js'
import { refused } from '../dataset/datasets.js'
import { datasetsOf } from '../dataset/storage.js'
import type { Image } from '../image/types.js'
import { assertFree } from '../mount/mounts.js'
import { poolError } from '../pool/write-file.js'
import { bootSettings, type BootedRoot, type BootSettings } from '../schema/container.js'
import { objectOf, parse } from '../schema/parse.js'
import { done } from '../step.js'
import { bootHome } from '../storage/boot-home.js'
import { initOf } from './image-facts.js'
import type { DetectedInit } from './init-detect.js'
import { prepareGuest } from './prepare-guest.js'
import type { ContainerRecord } from './record.js'
import { assertStartable, launch, type StartResult } from './start.js'
import { DEFAULT_TIMEOUT_MS } from './start-plan.js'
import { stopLocked } from './stop.js'

/**
 * Given up, it is stopped again, until its init runs; what was stopped for it stays so, also where it is cut off with
 * its process.
 */
export interface BootOptions extends BootSettings, OperationOptions {
  /** Milliseconds until init must run; default 60,000. */
  readonly timeout?: number | undefined
}

/** Milliseconds that the init of what runs has to shut down. */
const SHUTDOWN_MS = 60_000

export async function bootContainer(
  record: ContainerRecord,
  options: BootOptions = {},
): Promise<StartResult> {
  const { signal, wait, label, timeout, ...settings } = objectOf(options, 'boot')
  const { image: query, mountRoot, dataset, force } = parse(bootSettings, settings, 'boot')
  const timeoutMs = timeoutOf(timeout, DEFAULT_TIMEOUT_MS, 'boot.timeout')
  using op = await record.begin('boot', { signal, wait, label })
  const { pool, imageRun } = record
  pool.assertStarting()
  if (dataset !== undefined) datasetsOf(record)
  if (mountRoot !== undefined) assertFree(record.config, mountRoot)
  const { distribution, version, arch } = record.config
  const image = pool.images.find(query ?? { distribution, version, arch })
  using _hold = pool.images.hold(image, `container ${record.id}`)
  const init = await initOf(pool.images, image)
  if (force) await stopLocked(op, record, SHUTDOWN_MS, 'shutdown_or_kill')
  await assertStartable(op, record, 'boot')

  imageRun.prepare()
  try {
    const source = { mode: pool.marker.clone_mode, image }
    await mark(op, record, {
      ...factsOf(image, init),
      clone_mode: source.mode,
      mount_root: mountRoot ?? null,
    })
    done('boot.marked', op.signal)
    const home = bootHome(record.home)
    const like = { signal: op.signal, like: record.home, properties: dataset }
    await refused(home, () => pool.driver.create(home, source, like))
    done('boot.rootfs', op.signal)
    imageRun.begin()
    const config = { ...record.config, distribution: image.distribution }
    const rootfs = { ...record.rootfsPlan(record.root), mounts: [] }
    await prepareGuest({ pool, config, id: record.id }, rootfs, image, init)
    done('boot.guest', op.signal)
    return await launch(op, record, timeoutMs)
  } catch (error) {
    throw poolError(error, record.home)
  } finally {
    await imageRun.over()
  }
}

async function mark(op: Operation, record: ContainerRecord, booted: BootedRoot): Promise<void> {
  using _settings = await record.lockSettings(op)
  record.config = await record.file.update({ vpsadminos: { booted } })
}

function factsOf({ id, distribution, version, arch }: Image, init: DetectedInit) {
  const { kind, systemdVersion } = init
  return { image: id, distribution, version, arch, init: kind, systemd_version: systemdVersion }
}
