// What goes away while a push is under way: the host, the container, the keeper, whoever pushes.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, readdirSync, readlinkSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { setTimeout as sleep } from 'node:timers/promises'
import { Host } from 'vpsadminos'
import { Cgroups } from '../../../dist/cgroup/cgroups.js'
import { busybox, importBusybox } from '../../helpers/host.js'
import { childrenOf } from '../../helpers/processes.js'
import { requires } from '../../helpers/requires.js'
import { upTo } from '../../helpers/time.js'

const t = requires('root', 'userns', 'liblxc', 'cgroup', 'busybox')
const dir = mkdtempSync(join(tmpdir(), 'files-closed-'))
chmodSync(dir, 0o711)
const options = {
  stateDir: join(dir, 'state'),
  cgroupRoot: `osctl-test-${process.pid}`,
  pools: [{ name: 'tank', path: join(dir, 'tank') }],
}
let host = await Host.open(options)
await host.pools.install({ name: 'tank', path: join(dir, 'tank') })
await importBusybox(t, host)
await host.containers.create({ id: 'one', image: busybox })
let keeper = await host.keeperPid()
t.teardown(async () => {
  // A test that failed may have left it closed.
  await host.close()
  host = await Host.open(options)
  keeper = await host.keeperPid()
  await host.containers.get('one').delete({ force: true })
  await host.pools.export('tank')
  await host.close()
  process.kill(keeper)
  await Cgroups.mounted()
    .dir(options.cgroupRoot)
    .remove({ timeoutMs: upTo(5000) })
  rmSync(dir, { recursive: true, force: true, maxRetries: 5 })
})

/** Files that children of the keeper write and that have no name. */
function unnamed(): number {
  return childrenOf(keeper).reduce((sum, pid) => {
    const links = readdirSync(`/proc/${pid}/fd`).map((fd) => linkOf(`/proc/${pid}/fd/${fd}`))
    return sum + links.filter((link) => /^\/.*#\d+ \(deleted\)$/.test(link)).length
  }, 0)
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}

/** Files that are being written. An overlay has them without a name from Linux 6.3 on. */
function underWay(): number {
  return unnamed() + temporaryNames().length
}

/** In all of the pool, on the host's side. */
function temporaryNames(): string[] {
  const names = readdirSync(join(dir, 'tank'), { recursive: true, encoding: 'utf8' })
  return names.filter((name) => name.includes('.vpsadminos-new-'))
}

/** Gives one half, and the other one when it is let go. */
class Slow implements AsyncIterable<string> {
  #go = () => {}
  #begin = () => {}
  readonly #going = new Promise<void>((resolve) => {
    this.#go = resolve
  })
  readonly begun = new Promise<void>((resolve) => {
    this.#begin = resolve
  })

  async *[Symbol.asyncIterator](): AsyncGenerator<string> {
    yield 'half'
    this.#begin()
    await this.#going
    yield ' and half'
  }

  go(): void {
    this.#go()
  }
}

for (const state of ['stopped', 'running'] as const) {
  await t.test(`the host is closed while it is ${state}`, async (t) => {
    const ct = host.containers.get('one')
    if (state === 'running') await ct.start()
    await ct.push('/srv/file', 'precious', { mkdirs: true })
    const slow = new Slow()
    const pushing = ct.push('/srv/file', slow)
    const refused = t.rejects(pushing, { code: 'ERR_CLOSED' })
    await slow.begun
    t.equal(underWay(), 1, 'it is under way')
    await host.close()
    await refused
    t.same(temporaryNames(), [])
    slow.go()
    await t.rejects(ct.push('/srv/file', 'x'), { code: 'ERR_CLOSED' })
    host = await Host.open(options)
    // One that was idle for so long has gone.
    keeper = await host.keeperPid()
    t.equal(await text(await host.containers.get('one').pull('/srv/file')), 'precious')
  })
}

await t.test('the keeper is killed', async (t) => {
  const ct = host.containers.get('one')
  const slow = new Slow()
  const pushing = ct.push('/srv/file', slow)
  await slow.begun
  const killed = await host.keeperPid()
  process.kill(killed, 'SIGKILL')
  while ((await host.keeperPid().catch(() => killed)) === killed) await sleep(20)
  keeper = await host.keeperPid()
  slow.go()
  t.equal(await pushing, 13, 'a push that has begun needs none')
  t.equal(await text(await ct.pull('/srv/file')), 'half and half')
  t.same(temporaryNames(), [])
})

await t.test('the child that holds the new file is killed', async (t) => {
  const before = childrenOf(keeper)
  const slow = new Slow()
  const pushing = host.containers.get('one').push('/srv/file', slow)
  await slow.begun
  const [child, ...more] = childrenOf(keeper).filter((pid) => !before.includes(pid))
  t.same(more, [])
  const named = temporaryNames()
  process.kill(Number(child), 'SIGKILL')
  slow.go()
  await t.rejects(pushing, { code: 'ECHILD', path: '/srv/file' })
  t.equal(await text(await host.containers.get('one').pull('/srv/file')), 'half and half')
  t.same(temporaryNames(), named, 'nobody removes what had a name')
  await host.containers.get('one').exec(['sh', '-c', 'rm -f /srv/.vpsadminos-new-*'])
})

await t.test('the container stops', async (t) => {
  const ct = host.containers.get('one')
  const slow = new Slow()
  const pushing = ct.push('/srv/file', slow, { mode: 0o600 })
  await slow.begun
  await ct.stop({ method: 'kill' })
  slow.go()
  t.equal(await pushing, 13)
  t.same(temporaryNames(), [])
})

await t.test('the process that pushes is killed', async (t) => {
  await host.close()
  const script = `
    import { Host } from 'vpsadminos'
    const host = await Host.open(${JSON.stringify(options)})
    async function* source() {
      yield 'half'
      console.log(await host.keeperPid())
      await new Promise((resolve) => setTimeout(resolve, 60_000))
    }
    await host.containers.get('one').push('/srv/file', source())
  `
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    cwd: fileURLToPath(new URL('../../..', import.meta.url)),
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  // Where another process takes long to begin, the keeper that was idle has gone.
  keeper = Number(String(await once(child.stdout, 'data')))
  t.equal(underWay(), 1, 'it is under way')
  child.kill('SIGKILL')
  await once(child, 'exit')
  for (let looks = 0; temporaryNames().length > 0 && looks < upTo(500); looks++) await sleep(20)
  t.same(temporaryNames(), [])
  host = await Host.open(options)
  const ct = host.containers.get('one')
  t.equal(await text(await ct.pull('/srv/file')), 'half and half')
  await ct.start()
  t.equal((await ct.exec(['cat', '/srv/file'])).stdout, 'half and half', 'and it starts')
  t.same((await host.audit()).leftovers, [])
})
