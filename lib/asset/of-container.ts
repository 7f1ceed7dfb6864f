// What a container is made of.

import { join } from 'node:path'
import { isThere } from '../container/belongings.js'
import { assertSeccomp } from '../container/lxc-file.js'
import type { ContainerRecord } from '../container/record.js'
import { quoted } from '../quoted.js'
import { listDatasets } from '../zfs/list.js'
import { isZfsError } from '../zfs/zfs-error.js'
import { asset, assetsAt, type Asset, type Expected } from './asset.js'

/** @throws PoolSuspendedError */
export async function assetsOfContainer(record: ContainerRecord): Promise<readonly Asset[]> {
  record.assertPresent()
  const { pool, id, host, run } = record
  pool.driver.assertWorking()
  const files: Expected[] = [
    {
      type: 'file',
      path: pool.layout.log(id),
      purpose: 'what liblxc says',
      mode: 0o640,
      optional: true,
    },
    {
      type: 'file',
      path: pool.layout.consoleLog(id),
      purpose: 'what its console has printed',
      mode: 0o600,
      optional: true,
    },
    {
      type: 'directory',
      path: host.paths.container(pool.name, id),
      purpose: 'its LXC configuration',
      mode: 0o755,
      optional: !run.alive,
    },
    {
      type: 'file',
      path: host.paths.lxcConfig(pool.name, id),
      purpose: 'its LXC configuration',
      mode: 0o644,
      optional: !run.alive,
    },
  ]
  const all = await Promise.all([configOf(record), assetsAt(files), homeOf(record), runOf(record)])
  return Object.freeze(all.flat())
}

/** Whether the next import could read it, and the next start could use what it names. */
async function configOf(record: ContainerRecord): Promise<Asset[]> {
  const { path } = record.file
  const purpose = 'its configuration'
  const found = await assetsAt([{ type: 'file', path, purpose, mode: 0o400 }])
  if (found.some(({ errors }) => errors.length > 0)) return found
  try {
    await record.file.read()
    assertSeccomp(record)
    return found
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return [asset({ type: 'file', path, purpose }, [reason])]
  }
}

async function homeOf({ pool, home }: ContainerRecord): Promise<Asset[]> {
  const purpose = 'its root filesystem'
  const { type, what } = pool.driver.place(home)
  if (type === 'directory') {
    return await assetsAt([{ type, path: what, purpose, mode: 0o700 }])
  }
  const dataset = { type, path: what, purpose }
  try {
    const [found] = await listDatasets(what, { depth: 0, properties: ['canmount'] })
    if (found?.properties['canmount']?.value !== 'on') return [asset(dataset)]
    // Whoever says `zfs mount -a` would have setuid files of a guest seen by everybody.
    const mend = `zfs set canmount=noauto ${quoted(what)}`
    return [asset(dataset, ['its property canmount is on'], mend)]
  } catch (error) {
    if (!isZfsError(error, 'ENOENT')) throw error
    return [asset(dataset, ['it does not exist'])]
  }
}

/** What it has in the kernel while it runs. */
async function runOf(record: ContainerRecord): Promise<Asset[]> {
  const { run, host, cgroup, pending, interfaceName } = record
  if (!run.alive || run.state === 'starting') return []
  const wanted = [
    { type: 'process' as const, what: String(run.initPid), purpose: 'its init' },
    ...host.cgroups.hierarchies.map(({ mountpoint }) => ({
      type: 'cgroup' as const,
      what: join(mountpoint, cgroup),
      purpose: 'its limits and figures',
    })),
    ...pending.netInterfaces().map(() => ({
      type: 'interface' as const,
      what: interfaceName,
      purpose: "the host's end of its network interface",
    })),
  ]
  return await Promise.all(
    wanted.map(async ({ type, what, purpose }) => {
      const there = await isThere({ type, what })
      // It may have ended meanwhile.
      const errors = there || !run.alive ? [] : ['it does not exist']
      return asset({ type, path: what, purpose }, errors)
    }),
  )
}
