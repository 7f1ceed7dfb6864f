// All that a host is, as text: for "as before", "wholly done" and "nothing left".
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Host } from 'vpsadminos'
import { listDatasets } from '../../dist/zfs/list.js'
import { cgroupsBelow, hasGone } from './hierarchies.js'
import { until } from './keeper-host.js'
import { listTree, withoutTime } from './trees.js'
import type { Place } from './operations.js'
import { zfs } from './zpool.js'

/** Lines of only one of them: `- gone`, `+ new`. */
export function differences(before: readonly string[], after: readonly string[]): string[] {
  const [old, now] = [new Set(before), new Set(after)]
  return [
    ...before.filter((line) => !now.has(line)).map((line) => `- ${line}`),
    ...after.filter((line) => !old.has(line)).map((line) => `+ ${line}`),
  ]
}

/** Without times, numbers of processes, and what guests write while they run. */
export async function stateOf(host: Host, { other, third }: Place): Promise<string[]> {
  // Without its marker it is none.
  const made = existsSync(join(third, 'osctl-pool.yml')) ? [third] : []
  const pools = new Set([...host.pools.list().map(({ path }) => path), other, ...made])
  const keeper = await host.keeperPid()
  const mounts = (): string[] =>
    mountsOf(keeper)
      .filter((path) => path.startsWith(`${host.stateDir}/rootfs/`))
      // Of what has datasets in its own hands, for as long as it runs.
      .filter((path) => !path.endsWith('.userns'))
  // That of a start goes a moment after its answer.
  await until(() => mounts().length === 0)
  const datasets = host.pools.list().flatMap(({ dataset }) => (dataset === null ? [] : [dataset]))
  return [
    ...[...pools, host.stateDir].filter((path) => existsSync(path)).flatMap(filesIn),
    ...cgroupsBelow(host.cgroupRoot).sort().flatMap(limitsOf),
    ...host.pools.list().map((pool) => `pool ${JSON.stringify(pool)}`),
    ...(await Promise.all(datasets.map(datasetsIn))).flat(),
    ...host.users.list().map((user) => `user ${JSON.stringify(user)}`),
    ...host.groups.list().map(({ path, memoryLimit }) => `group ${path} ${memoryLimit}`),
    ...host.idRanges.list().map((range) => `id-range ${JSON.stringify(range)}`),
    ...host.images.list().map(({ id }) => `image ${id}`),
    ...host.containers
      .list()
      .map(({ id, state, user, group, memoryLimit, hostname }) =>
        ['container', id, state, user, group, memoryLimit, hostname].join(' '),
      ),
  ]
}

function filesIn(root: string): string[] {
  const lines = listTree(root)
    .filter((line) => !/^(keeper\/|\.lock |log\/ct\/|ct\/[^/]*\/upper\/run)/.test(line))
    // Where overlayfs makes what it then moves to its place.
    .filter((line) => !/^ct\/[^/]*\/work\/work\//.test(line))
    // Directories for what a pool has while it is imported stay until it is exported.
    .filter((line) => !/^(notify|pools|rootfs)\/[^/ ]+(\/lxc)? /.test(line))
  const configs = lines
    .map((line) => line.split(' ')[0] ?? '')
    .filter((name) => name.endsWith('.yml'))
    .map((name) => `${name}:\n${readFileSync(join(root, name), 'utf8')}`)
  return [
    ...lines.map((line) => `${root}: ${withoutTime(line)}`),
    ...configs.map((text) => text.replace(/^(imported_at|uuid): .*$/m, '')),
  ]
}

/** Without the trash, where there is more each time; and what is newer than a rollback, without its time. */
async function datasetsIn(pool: string): Promise<string[]> {
  // By the engine's own list, which begins no program: this is asked hundreds of times.
  const children = (await listDatasets(pool, { depth: 1 })).map(({ name }) => name)
  // What is in the trash is not looked at, either: by the end of a walk that would be most of it.
  const whole = children.filter((name) => name !== pool && name !== `${pool}/trash`)
  const all = zfs('list', '-Ho', 'name,origin', '-t', 'all', '-r', ...whole).split('\n')
  return [...children, ...all].map((line) => line.replace(/\.newer-\d+/g, '.newer'))
}

/** What ends meanwhile is let go of by its keeper in its own time: a cgroup that has gone has no limits. */
function limitsOf(cgroup: string): string[] {
  // A read that fails takes Node.js longer than a look.
  const files = ['memory.max', 'memory.limit_in_bytes'].map((name) => join(cgroup, name))
  const limits = files.filter(existsSync).flatMap((file) => {
    try {
      return [readFileSync(file, 'utf8').trim()]
    } catch (error) {
      if (hasGone(error)) return []
      throw error
    }
  })
  return [`${cgroup} ${limits.join(' ')}`]
}

function mountsOf(pid: number): string[] {
  return readFileSync(`/proc/${pid}/mountinfo`, 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '')
}
