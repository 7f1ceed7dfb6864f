// Trees that take as long as a guest likes hold up nobody who ends or freezes a container.
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { cloneTree, removeTree } from '../../../lib/ns/tree.js'
import { ended, sleeper, testCgroup } from '../../helpers/cgroup.js'
import { lostFile } from '../../helpers/lost-file.js'
import { requires } from '../../helpers/requires.js'
import { upTo } from '../../helpers/time.js'

const t = requires('root', 'cgroup', 'fuse', 'test programs')

t.test('more of them than there are threads', async (t) => {
  const to = t.testdir()
  const { dir } = testCgroup(t)
  await dir.create()
  const child = await sleeper(t)
  await dir.join(child.pid)
  const lost = await lostFile(t)
  const held = Promise.allSettled(
    Array.from({ length: 8 }, (_, index) => [
      cloneTree(lost.path, join(to, String(index))),
      removeTree(lost.path),
    ]).flat(),
  )
  const work = dir
    .freeze()
    .then(() => dir.kill())
    .then(() => dir.remove({ timeoutMs: upTo(5000) }))
  const waits = sleep(upTo(10_000), 'waits', { ref: false })
  t.equal(await Promise.race([work.then(() => 'done'), waits]), 'done')
  t.equal(await Promise.race([held, sleep(0, 'held')]), 'held', 'as they still are')
  lost.end()
  await held
  await work
  t.same(await ended(child), { code: null, signal: 'SIGKILL' })
})
