// Who kills or freezes does not wait for what is slow elsewhere, and may be stuck: the threads for that are others.
import { basename, dirname } from 'node:path'
import { Cgroups } from '../../../lib/cgroup/cgroups.js'
import { ended, sleeper, testCgroup } from '../../helpers/cgroup.js'
import { lostFile } from '../../helpers/lost-file.js'
import { requires } from '../../helpers/requires.js'

const t = requires('root', 'cgroup', 'fuse', 'test programs')
const THREADS = 8

t.test('while all threads for what is slow are taken', async (t) => {
  const { dir } = testCgroup(t)
  await dir.create()
  const child = await sleeper(t)
  await dir.join(child.pid)
  const lost = await lostFile(t)
  const mountpoint = dirname(lost.path)
  const stuck = Cgroups.at([{ version: 1, controllers: ['memory'], mountpoint }])
  t.teardown(() => stuck.close())
  let over = 0
  const slow = Array.from({ length: THREADS }, () =>
    stuck
      .dir(basename(lost.path))
      .procs()
      .finally(() => over++)
      .catch(() => undefined),
  )
  await dir.freeze()
  await dir.thaw()
  await dir.kill()
  t.match(await ended(child), { signal: 'SIGKILL' })
  t.equal(over, 0)
  lost.end()
  await Promise.all(slow)
})
