// crun and runc: create and start of one bundle, beside it kill and delete, and exec.
import { existsSync, readFileSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { cgroupMode, cgroupRoots, hierarchies } from '../cgroups.js'
import type { Place } from '../place.js'
import type { Row } from '../row.js'
import { systemPath } from './lxc.js'
import { firstId, ociConfig } from './oci-config.js'

export async function ociRow(place: Place, name: string, program: string): Promise<Row> {
  const rootfs = place.path('oci-root')
  const bundle = place.path(`${name}-bundle`)
  const pidFile = place.path(`${name}.pid`)
  if (!existsSync(rootfs)) await place.mountRootfs(rootfs, firstId)
  await mkdir(bundle)
  await writeFile(`${bundle}/config.json`, ociConfig(rootfs, `/${cgroupRoots.oci}/${name}`))

  const runtime = (...args: string[]): string[] => [program, '--root', place.path('oci'), ...args]
  const before = name === 'crun' ? crunNeeds() : []
  return {
    who: name,
    stopWho: name,
    execWho: `${name} exec`,
    async start() {
      const create = runtime('create', '--bundle', bundle, '--pid-file', pidFile, name)
      const { begin } = await place.spawn(
        [...before, ...create, '---', ...runtime('start', name)],
        systemPath,
      )
      return { begin, init: Number(readFileSync(pidFile, 'utf8')) }
    },
    stop: ({ init }) =>
      place.spawn(
        [
          ...[...before, ...runtime('kill', name, 'TERM'), '---'],
          ...[`exit:${init}`, '---', ...runtime('delete', name)],
        ],
        systemPath,
      ),
    exec: () => place.spawn([...before, ...runtime('exec', name, '/bin/true')], systemPath),
  }
}

// crun refuses hybrid cgroups as soon as v2 holds a controller (hugetlb, say). It starts, in all
// hierarchies like the others, when it is not shown which ones v2 holds.
function crunNeeds(): string[] {
  const unified = hierarchies().find((hierarchy) => hierarchy.unified)
  if (cgroupMode() !== 'hybrid' || unified === undefined) return []
  return [`hide:${unified.mountpoint}/cgroup.controllers`]
}
