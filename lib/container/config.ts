// The configuration of a stopped container, as a whole: read anew after somebody has edited its file, or replaced.

import { InvalidArgumentError } from '../host/errors.js'
import type { OperationOptions } from '../host/operation.js'
import { ConfigDocument, type Patch } from '../pool/config-document.js'
import { poolError } from '../pool/write-file.js'
import { containerFile, distributionInput, type Distribution } from '../schema/container.js'
import { parse } from '../schema/parse.js'
import { done } from '../step.js'
import { Undo } from '../undo.js'
import { checkConfig, keptFields } from './config-checks.js'
import { runMark } from './ephemeral.js'
import { restoreGuestFiles, type FilesBefore } from './guest-files.js'
import type { ContainerRecord } from './record.js'
import { finishNaming } from './set.js'

/** Characters; no file that this library writes comes near. */
const MAX_CONFIG = 2 ** 18

/** @throws ConfigBrokenError, with line and column; InvalidArgumentError; StateError unless it is stopped */
export async function reloadConfig(
  record: ContainerRecord,
  options: OperationOptions = {},
): Promise<void> {
  await change(record, 'reloadConfig', options, (now) => now)
}

/** @throws as {@link reloadConfig} */
export async function replaceConfig(
  record: ContainerRecord,
  config: string,
  options: OperationOptions = {},
): Promise<void> {
  if (typeof config !== 'string')
    throw new InvalidArgumentError('replaceConfig.config', 'must be a string')
  if (config.length > MAX_CONFIG)
    throw new InvalidArgumentError('replaceConfig.config', 'must be at most 256 KiB')
  const document = ConfigDocument.parse(config, 'config')
  // As a pipe has it whose first program has failed.
  if (/^\s*$/.test(config)) throw new InvalidArgumentError('replaceConfig.config', 'says nothing')
  await change(record, 'replaceConfig', options, () => document)
}

/** @throws as {@link reloadConfig} */
export async function setDistribution(
  record: ContainerRecord,
  distribution: Distribution,
  options: OperationOptions = {},
): Promise<void> {
  const { arch, ...given } = parse(distributionInput, distribution, 'setDistribution')
  await change(record, 'setDistribution', options, (now) => {
    now.merge({ ...given, ...(arch === undefined ? {} : { arch }) })
    return now
  })
}

/** @param wanted makes the new one of that in the file */
async function change(
  record: ContainerRecord,
  what: string,
  options: OperationOptions,
  wanted: (now: ConfigDocument) => ConfigDocument,
): Promise<void> {
  using op = await record.begin(what, options)
  record.assertStopped(what)
  record.assertWhole(what)
  using _settings = await record.lockSettings(op)
  record.assertPresent()
  const { config: before, file } = record
  const old = await file.text()
  const document = wanted(ConfigDocument.parse(old, file.path))
  const kept = keptFields(before, document, `${what}.config`)
  document.merge(kept)
  const config = document.check(containerFile)
  const changed = await checkConfig(record, config, `${what}.config`)
  const naming = ['hostname', 'dnsResolvers', 'distribution'].some((one) => changed.includes(one))
  // A run of before does not count for one that lasts for a run from now on.
  const run = changed.includes('ephemeral') ? (await runMark(false)).vpsadminos : {}
  // Until names in the rootfs are those of the file: the next import goes on.
  const marks: Patch = { ...run, ...(naming ? { unnamed: true } : {}) }
  document.merge({ vpsadminos: marks })
  op.signal?.throwIfAborted()

  await using undo = new Undo()
  const files: FilesBefore = new Map()
  try {
    record.config = await file.replace(document)
    undo.add(async () => {
      if (files.size > 0) {
        const restored = ConfigDocument.parse(old, file.path)
        restored.merge({ vpsadminos: { unnamed: true } })
        record.config = await file.replace(restored)
        await restoreGuestFiles(op.goOn(), record, files)
      }
      // With the mark, if it had one: the names are as they were then.
      await file.replace(ConfigDocument.parse(old, file.path))
      record.config = before
    })
    done('config.file', op.signal)
    if (naming) await finishNaming(op, record, true, files)
    done('config.guest', op.signal)
    undo.commit()
  } catch (error) {
    throw poolError(error, file.path)
  }
  record.changed(changed)
}
