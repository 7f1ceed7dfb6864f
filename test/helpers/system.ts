// Hosts for tests of the whole: images as their scripts build them, pools in memory where that can
// be, as removing a distribution from a slow disk takes longer than all that is tested.
import { execFile } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Test } from 'tap'
import {
  type Container,
  Host,
  type HostOptions,
  type Image,
  type PoolOptions,
  type TemporaryOptions,
} from 'vpsadminos'
import { Cgroups } from '../../dist/cgroup/cgroups.js'
import { debianImage, suites } from './debian.js'
import { until } from './keeper-host.js'
import { quickDirectory } from './quick-directory.js'
import { onTestStorage, onZfs, testDataset } from './storage.js'
import { upTo } from './time.js'

export type Suite = (typeof suites)[number]['suite']

const run = promisify(execFile)
const root = fileURLToPath(new URL('../../', import.meta.url))

/** A directory of the test's own. */
export function testDirectory(t: Test, parent = tmpdir()): string {
  const path = mkdtempSync(join(parent, 'vpsadminos-'))
  t.teardown(() => rmSync(path, { recursive: true, force: true }))
  return path
}

/** The archive that images/busybox builds. */
export async function busyboxArchive(t: Test): Promise<string> {
  const path = join(testDirectory(t), 'busybox.tar')
  await run(join(root, 'images/busybox/build.sh'), [path])
  return path
}

export async function importBusybox(t: Test, host: Host, pool?: string): Promise<Image> {
  const path = await busyboxArchive(t)
  return host.images.import({
    path,
    distribution: 'busybox',
    version: '1',
    ...(pool === undefined ? {} : { pool }),
  })
}

export async function importDebian(host: Host, suite: Suite): Promise<Image> {
  const version = suites.find((one) => one.suite === suite)?.version ?? ''
  return host.images.import({ path: await debianImage(suite), distribution: 'debian', version })
}

/** Everything of it is gone when the test ends. */
export async function systemHost(t: Test, options: TemporaryOptions = {}): Promise<Host> {
  const host = await Host.temporary(
    onZfs ? onTestStorage(options) : { directory: quickDirectory(), ...options },
  )
  t.teardown(() => host.close())
  return host
}

export interface LastingHost extends HostOptions {
  readonly stateDir: string
  readonly cgroupRoot: string
  readonly pools: [PoolOptions]
}

/** The host of these options is open for that long, and its container `web1` there. */
export async function whileOpen<T>(
  options: LastingHost,
  work: (host: Host, ct: Container) => Promise<T>,
): Promise<T> {
  const host = await Host.open(options)
  try {
    return await work(host, host.containers.get('web1'))
  } finally {
    await host.close()
  }
}

/**
 * How to open a host that outlives its process; it is removed when the test ends.
 *
 * @param dataset for its pool; default: one where pools of tests are on ZFS, else a directory
 */
export function lastingHost(t: Test, dataset = testDataset(t)): LastingHost {
  const directory = testDirectory(t, quickDirectory())
  // A container's root goes through it to its rootfs.
  chmodSync(directory, 0o711)
  const options: LastingHost = {
    stateDir: join(directory, 'state'),
    cgroupRoot: `osctl-${basename(directory)}`,
    interfacePrefix: 'vlasting',
    pools: [
      dataset === undefined
        ? { name: 'tank', path: join(directory, 'tank') }
        : { name: 'tank', driver: 'zfs', dataset },
    ],
  }
  t.teardown(async () => {
    const host = await Host.open(options)
    for (const { id } of host.containers.list()) {
      await host.containers.get(id).delete({ force: true })
    }
    await host.pools.export('tank')
    const keeper = await host.keeperPid()
    await host.close()
    process.kill(keeper)
    await until(() => !existsSync(`/proc/${keeper}`))
    const cgroups = Cgroups.mounted()
    await cgroups.dir(options.cgroupRoot).remove({ timeoutMs: upTo(10_000) })
    cgroups.close()
  })
  return options
}
