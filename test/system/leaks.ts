// After twenty lives of containers nothing is left of them: no process, cgroup, mount, interface,
// descriptor or file, and closing the host is quick.
import { readFileSync } from 'node:fs'
import type { Test } from 'tap'
import { Host } from 'vpsadminos'
import { text } from '../helpers/host.js'
import { until } from '../helpers/keeper-host.js'
import { everythingOf, ownDescriptors, ownerOf, type Owner } from '../helpers/machine.js'
import { requires } from '../helpers/requires.js'
import { upTo } from '../helpers/time.js'
import { quickDirectory } from '../helpers/quick-directory.js'
import { compiled } from '../helpers/programs.js'
import { busyboxArchive } from '../helpers/system.js'

const t = requires('root', 'userns', 'liblxc', 'busybox', 'tar', 'test programs')

const ROUNDS = 20
const archive = await busyboxArchive(t)
// One that obeys at once: that of busybox sleeps for two seconds.
const init = readFileSync(compiled('system/quiet-init'))

async function lives(t: Test, host: Host): Promise<void> {
  await host.images.import({ path: archive, distribution: 'busybox', version: '1' })
  for (let round = 0; round < ROUNDS; round++) {
    const ct = await host.containers.create({
      id: `life${round}`,
      image: { distribution: 'busybox' },
      memoryLimit: '64 MiB',
      pidsLimit: 100,
      initCmd: ['/quiet-init'],
    })
    await ct.push('/quiet-init', init, { mode: 0o755 })
    await ct.start()
    await ct.exec(['sh', '-c', 'echo $$; sleep 1000 >/dev/null 2>&1 &'])
    await ct.push('/tmp/file', 'content')
    t.equal(await text(await ct.pull('/tmp/file')), 'content')
    {
      await using session = await ct.spawn(['sh'], { tty: true })
      session.stdin?.write('exit\n')
      await session.exit
      await using console = ct.console()
      await console.write('\n')
    }
    await ct.freeze()
    await ct.thaw()
    if (round % 5 === 0) await ct.reboot()
    await ct.stop(round % 2 === 0 ? { method: 'kill' } : { timeout: 10_000 })
    if (round % 3 === 0) {
      await ct.set({ initCmd: ['/no/such/program'] })
      await t.rejects(ct.start(), { code: 'ERR_CONTAINER_START' })
    }
    t.match(await ct.delete(), { leftovers: [] })
  }
  t.same((await host.audit()).leftovers, [])
}

/** A host from its beginning to its end, and how to recognise what is its own. */
async function hostLife(t: Test): Promise<{ owner: Owner; tookMs: number }> {
  const host = await Host.temporary({ directory: quickDirectory() })
  const owner = ownerOf(host, await host.keeperPid())
  await lives(t, host)
  const begin = performance.now()
  await host.close()
  return { owner, tookMs: performance.now() - begin }
}

await t.test('nothing is left', async (t) => {
  // The first one loads what stays loaded.
  await (await Host.temporary({ directory: quickDirectory() })).close()
  const before = ownDescriptors()
  const { owner, tookMs } = await hostLife(t)
  t.comment(`closed in ${tookMs.toFixed(0)} ms`)
  t.ok(tookMs < upTo(1500), 'closing is quick')
  t.strictSame(everythingOf(owner), [])
  await until(() => String(ownDescriptors()) === String(before)).catch(() => undefined)
  t.strictSame(ownDescriptors(), before)
  t.strictSame(
    process.getActiveResourcesInfo().filter((name) => /FSEvent|Process|TTY|MessagePort/.test(name)),
    [],
  )
})

await t.test('what is looked at does show a host', async (t) => {
  await using host = await Host.temporary({ directory: quickDirectory() })
  await host.images.import({ path: archive, distribution: 'busybox', version: '1' })
  const ct = await host.containers.create({ id: 'seen', image: { distribution: 'busybox' } })
  await ct.start()
  const found = everythingOf(ownerOf(host, await host.keeperPid()))
  for (const kind of ['process', 'mount', 'cgroup', 'file']) {
    t.ok(
      found.some((line) => line.startsWith(`${kind} `)),
      kind,
    )
  }
  t.not(ownDescriptors().length, 0)
})
