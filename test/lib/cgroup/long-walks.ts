// What visits all cgroups of a guest, which may be many, holds up no files: Node.js has four threads for these.
import { basename, dirname } from 'node:path'
import type { CgroupDir } from '../../../lib/cgroup/cgroup-dir.js'
import { Cgroups } from '../../../lib/cgroup/cgroups.js'
import { holdUpNoFile, lostFile } from '../../helpers/lost-file.js'
import { requires } from '../../helpers/requires.js'

const t = requires('root', 'fuse', 'test programs')

const works: Readonly<Record<string, (dir: CgroupDir) => Promise<unknown>>> = {
  procs: (dir) => dir.procs(),
  oomKills: (dir) => dir.oomKills(),
  thaw: (dir) => dir.thaw(),
}

for (const [name, work] of Object.entries(works)) {
  t.test(name, async (t) => {
    const lost = await lostFile(t)
    // A filesystem that does not answer stands for a hierarchy in which there is much to visit.
    const mountpoint = dirname(lost.path)
    const cgroups = Cgroups.at([{ version: 1, controllers: ['memory', 'freezer'], mountpoint }])
    t.teardown(() => cgroups.close())
    const dir = cgroups.dir(basename(lost.path))
    await holdUpNoFile(t, lost, () => work(dir))
  })
}
