// Where the pools of tests are: in directories, or with TEST_DATASET in datasets of ZFS below that one; and
// what is in them, looked at without the engine.
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import type { Container, PoolOptions, PoolSnapshot, TemporaryOptions } from 'vpsadminos'
import { Mount } from '../../dist/ns/mount.js'
import { zfs } from './zpool.js'

const dataset = process.env['TEST_DATASET']

export const onZfs = dataset !== undefined

/** @param options of a test that says itself where, or how, has it so */
export function onTestStorage(options: TemporaryOptions): TemporaryOptions {
  const own = options.directory !== undefined || options.cloneMode !== undefined
  return dataset === undefined || own ? options : { dataset, ...options }
}

let datasets = 0

/** One for a pool that a test makes itself; undefined where those are in directories. */
export function testDataset(t: Test): string | undefined {
  if (dataset === undefined) return undefined
  const mountpoint = testMountpoint(t)
  const name = `${dataset}/${process.pid}-${datasets++}`
  t.teardown(() => zfs('destroy', '-r', name))
  makeDataset(name, mountpoint)
  return name
}

/** To be asked for before what is mounted there, which has to be gone before. */
export function testMountpoint(t: Test): string {
  const path = mkdtempSync(join(tmpdir(), 'dataset-'))
  t.teardown(() => rmdirSync(path))
  return path
}

/** Mounted, and root's alone, as a pool is. */
export function makeDataset(name: string, mountpoint: string): void {
  zfs('create', '-o', `mountpoint=${mountpoint}`, name)
  chmodSync(mountpoint, 0o700)
}

/** To import it again. */
export function optionsOf({ name, path, dataset }: PoolSnapshot): PoolOptions {
  return dataset === null ? { name, path } : { name, driver: 'zfs', dataset }
}

/** Ids of what has a directory or a dataset. */
export function containersOn({ path, dataset }: PoolSnapshot): string[] {
  if (dataset === null) return readdirSync(join(path, 'ct')).sort()
  const all = zfs('list', '-Ho', 'name', '-d', '1', `${dataset}/ct`).split('\n').slice(1)
  return all.map((name) => name.slice(`${dataset}/ct/`.length)).sort()
}

/** Makes what a container would have, without one. */
export function plantOn(
  { path, dataset }: PoolSnapshot,
  id: string,
): { readonly type: string; readonly what: string; readonly remove: () => void } {
  const what = join(dataset ?? path, 'ct', id)
  if (dataset === null) mkdirSync(what)
  else zfs('create', '-o', 'canmount=noauto', what)
  return {
    type: dataset === null ? 'directory' : 'dataset',
    what,
    remove: () => {
      if (dataset === null) rmdirSync(what)
      else zfs('destroy', what)
    },
  }
}

/** Gives what a container has another name, or with null puts it out of the way. */
export function renameOn({ path, dataset }: PoolSnapshot, from: string, to: string | null): void {
  if (dataset !== null)
    zfs(
      'rename',
      '-u',
      `${dataset}/ct/${from}`,
      `${dataset}/${to === null ? 'trash' : 'ct'}/${to ?? from}`,
    )
  else renameSync(join(path, 'ct', from), join(path, to === null ? 'trash' : 'ct', to ?? from))
}

/** The files of a rootfs as they are on the disk. */
export async function withRootfs<T>(
  container: Container,
  look: (path: string) => T | Promise<T>,
): Promise<T> {
  const { dataset, cloneMode } = container.show()
  if (cloneMode !== 'clone')
    return look(join(dataset, cloneMode === 'overlay' ? 'upper' : 'private'))
  await using mount = await Mount.create('zfs', { source: dataset })
  return await look(`/proc/self/fd/${mount.fd}/private`)
}
