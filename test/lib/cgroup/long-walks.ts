// What visits all cgroups of a guest, which may be many, holds up no files: Node.js has four threads for these.
import { readFile } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { CgroupDir } from '../../../lib/cgroup/cgroup-dir.js'
import { Cgroups } from '../../../lib/cgroup/cgroups.js'
import { lostFile } from '../../helpers/lost-file.js'
import { requires } from '../../helpers/requires.js'
import { upTo } from '../../helpers/time.js'

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
    const held = Promise.allSettled(Array.from({ length: 6 }, () => work(dir)))
    const read = readFile('/proc/self/status').then(() => 'read')
    const waits = sleep(upTo(5000), 'waits', { ref: false })
    t.equal(await Promise.race([read, waits]), 'read')
    t.equal(await Promise.race([held, sleep(0, 'held')]), 'held', 'as they still are')
    lost.end()
    await held
    await read
  })
}
