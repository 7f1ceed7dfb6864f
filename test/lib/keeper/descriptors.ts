// A process that may not have as many descriptors as the keeper sends it: what it asked for fails, and
// nothing else.
import { execFileSync } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { drain } from '../../helpers/drain.js'
import { execPlan, KeeperHost, until } from '../../helpers/keeper-host.js'
import { pids, titleOf } from '../../helpers/processes.js'
import { requires } from '../../helpers/requires.js'

const t = requires('root', 'userns', 'liblxc', 'busybox')
const host = new KeeperHost(t)
await using keeper = await host.connect()
await keeper.start(host.plan('web'))
execFileSync('prlimit', ['--pid', String(process.pid), '--nofile=300:'])
// So that whatever Node.js opens once is open.
await drain((await keeper.exec(execPlan('web', ['true']))).stdout)

/** Calls `work` with no more than `left` descriptors to be had. */
async function shortOf(left: number, work: () => Promise<void>): Promise<void> {
  const taken: number[] = []
  try {
    for (;;) taken.push(openSync('/dev/null', 'r'))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EMFILE') throw error
  }
  for (const fd of taken.splice(0, left)) closeSync(fd)
  try {
    await work()
  } finally {
    for (const fd of taken) closeSync(fd)
  }
}

const refused = { code: 'EMFILE', syscall: 'recvmsg' }
const target = { pool: 'tank', id: 'web' }

for (const left of [0, 1, 2]) {
  await t.test(`${left} of three descriptors`, async (t) => {
    await shortOf(left, async () => {
      await t.rejects(keeper.exec(execPlan('web', ['sleep', '60'])), refused)
    })
    const listed = async () => (await keeper.sessions()).some(({ args }) => args[0] === 'sleep')
    await until(async () => !(await listed()))
    const begun = new AbortController()
    await shortOf(left, async () => {
      const refused = t.rejects(keeper.exec(execPlan('web', ['sleep', '61']), begun.signal))
      await new Promise((resolve) => setImmediate(resolve))
      begun.abort()
      await refused
    })
    await until(() => !pids().some((pid) => titleOf(pid) === 'sleep 61'))
    t.ok(keeper.open)
  })
}

await t.test('everything else', async (t) => {
  const other = host.plan('other')
  await shortOf(0, async () => {
    await t.rejects(keeper.lookup('tank', 'web'), refused)
    await t.rejects(keeper.console('tank', 'web', 0), refused)
    await t.rejects(keeper.openFile(target, '/bin/busybox'), refused)
    // What needs none goes on.
    const { initPid } = await keeper.start(other)
    t.match(await keeper.containers(), [{ id: 'other', initPid }, { id: 'web' }])
  })
  t.ok(keeper.open)
  closeSync(await keeper.console('tank', 'web', 0))
})
