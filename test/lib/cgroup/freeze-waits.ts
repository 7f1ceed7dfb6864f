// A freeze that does not come about waits for the kernel, and does not ask it without end.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { Cgroups } from '../../../lib/cgroup/cgroups.js'
import { testCgroup } from '../../helpers/cgroup.js'
import { lostFile } from '../../helpers/lost-file.js'
import { requires } from '../../helpers/requires.js'
import { timeFactor, upTo } from '../../helpers/time.js'

const t = requires('root', 'cgroup2', 'fuse', 'test programs')

t.test('of a process that waits for a filesystem', async (t) => {
  const { cgroups, dir } = testCgroup(t)
  // Of v2 alone: that of v1 has nothing to wait for.
  const unified = Cgroups.at(cgroups.hierarchies.filter(({ version }) => version === 2))
  t.teardown(() => unified.close())
  const only = unified.dir(dir.path)
  await only.create({ enableControllers: false })
  const lost = await lostFile(t)
  const child = spawn('cat', [lost.path], { stdio: 'ignore' })
  t.teardown(() => child.kill('SIGKILL'))
  await once(child, 'spawn')
  await only.join(child.pid ?? 0)
  const freezes = (timeoutMs: number) =>
    only.freeze({ timeoutMs }).then(
      () => 'frozen',
      (error: unknown) => (error as NodeJS.ErrnoException).code,
    )
  // It may not have come to it yet, and comes to nothing while it is frozen.
  for (let tries = 0; tries < 100 && (await freezes(upTo(100))) === 'frozen'; tries++) {
    await only.thaw()
    await sleep(20)
  }
  const before = process.cpuUsage()
  t.equal(await freezes(1000), 'ETIMEDOUT')
  const { user, system } = process.cpuUsage(before)
  t.comment(`${user + system} µs`)
  if (timeFactor === 1) t.ok(user + system < 250_000)
  lost.end()
})
