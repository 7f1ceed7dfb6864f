// After twenty lives of containers nothing is left of them: no process, cgroup, mount, interface,
// descriptor or file, and closing the host is quick.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Test } from 'tap'
import { Host } from 'vpsadminos'
import { text } from '../helpers/host.js'
import { hierarchies } from '../helpers/hierarchies.js'
import { requires } from '../helpers/requires.js'
import { upTo } from '../helpers/time.js'
import { busyboxArchive, compiled, quickDirectory } from '../helpers/system.js'

const t = requires('root', 'userns', 'liblxc', 'busybox', 'tar', 'cc')

const ROUNDS = 20
const archive = await busyboxArchive(t)
// One that obeys at once: that of busybox sleeps for two seconds.
const init = readFileSync(await compiled(t, 'system/quiet-init', '-static'))

/** What may carry a host's names: all of it, on the whole machine. */
function everything(): string[] {
  return [
    ...processes(),
    ...hierarchies.flatMap((mountpoint) => names(mountpoint)),
    ...names('/sys/class/net'),
    ...names('/run'),
    ...names('/run/lxc'),
    ...names('/run/vpsadminos/ids'),
    ...names(tmpdir()),
    ...names(quickDirectory()),
    ...names('/var/lib/lxc'),
  ]
}

function names(directory: string): string[] {
  try {
    return readdirSync(directory).map((name) => join(directory, name))
  } catch {
    return []
  }
}

/** Command lines, mounts, root directories and cgroups of all processes. */
function processes(): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      const read = (file: string): string[] => {
        try {
          return [`/proc/${pid}/${file}: ${readFileSync(`/proc/${pid}/${file}`, 'utf8')}`]
        } catch {
          return []
        }
      }
      return ['cmdline', 'mountinfo', 'cgroup'].flatMap(read)
    })
}

function descriptors(): string[] {
  return readdirSync('/proc/self/fd')
    .map((fd) => {
      try {
        // Numbers of sockets and pipes say nothing.
        return readlinkSync(`/proc/self/fd/${fd}`).replace(/\d+\]$/, ']')
      } catch {
        return ''
      }
    })
    .filter((path) => path !== '' && !path.startsWith('/proc/'))
    .sort()
}

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
async function hostLife(t: Test): Promise<{ ours: RegExp; tookMs: number }> {
  const host = await Host.temporary({ directory: quickDirectory() })
  const { stateDir, cgroupRoot, interfacePrefix } = host
  const scratch = dirname(host.pools.get('tank').show().path)
  const keeper = await host.keeperPid()
  await lives(t, host)
  const begin = performance.now()
  await host.close()
  const ours = [stateDir, scratch, `${cgroupRoot}\\b`, `/${interfacePrefix}`, `/proc/${keeper}/`]
  return { ours: new RegExp(ours.join('|')), tookMs: performance.now() - begin }
}

await t.test('nothing is left', async (t) => {
  // The first one loads what stays loaded.
  await (await Host.temporary({ directory: quickDirectory() })).close()
  const before = descriptors()
  const { ours, tookMs } = await hostLife(t)
  t.comment(`closed in ${tookMs.toFixed(0)} ms`)
  t.ok(tookMs < upTo(1500), 'closing is quick')
  t.strictSame(
    everything().filter((line) => ours.test(line)),
    [],
  )
  await sleep(10)
  t.strictSame(descriptors(), before)
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
  const found = everything()
  const scratch = dirname(host.pools.get('tank').show().path)
  for (const own of [host.stateDir, host.cgroupRoot, scratch]) {
    t.ok(
      found.some((line) => line.includes(own)),
      own,
    )
  }
  t.not(descriptors().length, 0)
})
