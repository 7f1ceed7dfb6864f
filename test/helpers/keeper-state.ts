// What a keeper has while nothing is asked of it.
import { readFileSync, readdirSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import type { Host } from 'vpsadminos'
import { Keeper } from '../../dist/keeper/keeper.js'
import type { KeeperOptions } from '../../dist/keeper/reach.js'
import type { Known } from '../../dist/keeper/types.js'
import { hierarchies } from './hierarchies.js'
import { until } from './keeper-host.js'
import { titleOf } from './processes.js'

/** What the keeper holds: its processes, its descriptors of processes and pipes, its files. */
export async function keeperState(host: Host): Promise<string[]> {
  const keeper = await host.keeperPid()
  const cgroup = join(hierarchies[0] ?? '', host.cgroupRoot, 'keeper/cgroup.procs')
  const processes = readFileSync(cgroup, 'utf8').split('\n').filter(Boolean)
  const titles = processes.map((pid) => {
    const title = titleOf(pid)
    if (title === null) return 'gone'
    return title.startsWith('[lxc monitor]') ? title : 'keeper or its child'
  })
  const descriptors = readdirSync(`/proc/${keeper}/fd`).flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/${keeper}/fd/${fd}`)]
    } catch {
      return []
    }
  })
  const directory = join(host.stateDir, 'keeper')
  return [
    ...titles.sort(),
    `pipes ${descriptors.filter((name) => name.startsWith('pipe:')).length}`,
    `pidfds ${descriptors.filter((name) => name.includes('pidfd')).length}`,
    ...readdirSync(join(directory, 'plans'))
      .sort()
      .map((name) => `plan ${name}`),
    ...readdirSync(join(directory, 'seccomp')).filter((name) => !name.endsWith('.bpf')),
  ]
}

/** The same, when nothing is under way any more. */
export async function steadyState(host: Host): Promise<string[]> {
  let last: string[] = []
  let same = 0
  await until(async () => {
    const now = await keeperState(host)
    same = JSON.stringify(now) === JSON.stringify(last) ? same + 1 : 0
    last = now
    return same >= 20
  })
  return last
}

/** Of a client that has gone: how they ended is kept until somebody has heard it. */
export async function forgetSessions(host: Host): Promise<void> {
  for (const { id } of host.containers.list()) {
    const ct = host.containers.get(id)
    for (const { session } of await ct.sessions()) {
      await using found = await ct.session(session)
      await found.exit
    }
  }
}

export async function settled(host: Host): Promise<void> {
  await until(async () => {
    await host.keeperPid()
    return host.containers.list().every(({ state }) => /^(running|stopped)$/.test(state))
  })
}

/** What it has running, asked beside the engine. */
export async function known(options: KeeperOptions): Promise<readonly Known[]> {
  const keeper = await Keeper.connect(options)
  try {
    return await keeper.containers()
  } finally {
    await keeper.close()
  }
}
