// Filesystems that a guest serves itself, and that do not answer: whoever touches one waits for it, also
// beyond every signal.
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Session } from 'vpsadminos'
import { AttackRoom, type Attack } from '../helpers/attack-room.js'
import { first } from '../helpers/host.js'
import { until } from '../helpers/keeper-host.js'
import { requires } from '../helpers/requires.js'
import { aWhile } from '../helpers/time.js'

const t = requires('root', 'userns', 'liblxc', 'cgroup', 'busybox', 'tar', 'test programs', 'fuse')
const room = await AttackRoom.open(t, 'filesystems')
/** What a guest's filesystem may take for a part of a file, and for an answer after that. */
const HANG = 60_000

// Guests get the device by hand, and with it what users of FUSE have.
const dir = mkdtempSync(join(tmpdir(), 'fuse-'))
t.teardown(() => rmSync(dir, { recursive: true }))
chmodSync(dir, 0o711)
const device = join(dir, 'fuse')
t.equal(spawnSync('mknod', ['-m', '666', device, 'c', '10', '229']).status, 0)
const key = existsSync('/sys/fs/cgroup/cgroup.controllers') ? 'lxc.cgroup2' : 'lxc.cgroup'
const settings = {
  rawLxc: `${key}.devices.allow = c 10:229 rwm
lxc.mount.entry = ${device} dev/fuse none bind,create=file 0 0
lxc.apparmor.profile = unconfined
`,
}

async function mounted({ t, guest, shell }: Attack): Promise<Session> {
  await shell('mkdir /fs; : >/etc/deaf; : >/etc/silent')
  const server = await guest.spawn(['/attack', '/fs', '/dev/fuse'])
  t.equal(String(await first(server.stdout, () => true)), 'mounted\n')
  return server
}

await room.attack(
  'files that do not answer',
  async (attack) => {
    const { t, guest, other, shell, harmless } = attack
    await using _server = await mounted(attack)
    await shell('mount --bind /fs/deaf /etc/deaf; mount --bind /fs/silent /etc/silent')
    const read = async (path: string) => {
      for await (const _chunk of await guest.pull(path));
    }
    const hangs = (operation: () => Promise<unknown>) =>
      harmless(operation, ['ETIMEDOUT', 'ERR_TIMEOUT'], HANG + 10_000)
    const content = Buffer.alloc(4 * 2 ** 20)
    const all = Promise.all([
      ...['/fs/silent', '/etc/silent', '/fs/lost'].map((path) => hangs(() => read(path))),
      ...['/fs/deaf', '/etc/deaf', '/fs/lost'].flatMap((path) => [
        hangs(() => guest.push(path, 'little')),
        hangs(() => guest.push(path, content)),
      ]),
    ])
    const ended = all.then(() => true)
    // Meanwhile neither a thread of Node's pool waits, nor the keeper.
    for (let i = 0; i < 20; i++) {
      await harmless(() => readFile('/proc/self/status'), [], 1000)
      await harmless(() => other.exec(['true']), [])
      await harmless(() => other.push('/file', 'x'), [])
      await harmless(() => guest.exec(['true']), [])
    }
    t.equal(await Promise.race([ended, sleep(0, false)]), false, 'they still wait')
    const giveUp = new AbortController()
    const pulled = read('/fs/silent')
    void pulled.catch(() => undefined)
    const pushed = guest.push('/etc/deaf', content, { signal: giveUp.signal })
    setTimeout(() => giveUp.abort(), 100)
    await harmless(() => t.rejects(pushed, { name: 'AbortError' }, 'who gives up'), [], 8000)
    for (const code of await all) t.not(code, 'ok')
    await t.rejects(pulled, { code: 'ETIMEDOUT' })
  },
  settings,
)

await room.attack(
  'files that are held for ever',
  async (attack) => {
    const { t, guest, other, harmless } = attack
    const server = await mounted(attack)
    const pull = () => guest.pull('/fs/silent')
    for (let i = 0; i < 8; i++) {
      const pulled = await Promise.all(Array.from({ length: 32 }, pull))
      for (const content of pulled) content.destroy()
    }
    const more = () => pull().then((content) => content.destroy())
    t.equal(await harmless(more, ['EAGAIN']), 'EAGAIN', 'no more of them')
    await harmless(() => other.push('/file', 'x'), [])
    await server.close() // with which all end that wait for it
    const push = () => harmless(() => guest.push('/file', 'x'), ['EAGAIN'])
    await until(async () => (await push()) === 'ok')
  },
  settings,
)

await room.attack(
  'users, names and programs that do not answer',
  async (attack) => {
    const { guest, shell, harmless } = attack
    await using _server = await mounted(attack)
    await shell(`for f in passwd group hosts hostname; do mount --bind /fs/silent /etc/$f; done
      umount -l /dev/console; rm -f /dev/console; ln -s /fs/lost /dev/console`)
    await using console = guest.console()
    const codes = ['ETIMEDOUT', 'ERR_TIMEOUT']
    await Promise.all([
      harmless(() => guest.exec(['true'], { user: 'nobody' }), codes, HANG),
      harmless(() => guest.set({ hostname: 'other.example' }), codes, HANG),
      ...Array.from({ length: 8 }, () => harmless(() => console.resize(24, 80), codes, HANG)),
      harmless(() => readFile('/proc/self/status'), [], 1000),
      harmless(() => guest.exec(['/fs/silent'], { timeout: aWhile(500) }), codes),
      harmless(() => guest.exec(['/fs/lost'], { timeout: aWhile(500) }), codes),
      harmless(() => guest.exec(['true'], { cwd: '/fs/lost', timeout: aWhile(500) }), codes),
    ])
  },
  settings,
)

await room.attack(
  'an end of who waits for itself',
  async (attack) => {
    const { t, guest, shell, harmless } = attack
    await using _server = await mounted(attack)
    await shell(
      'for i in 1 2 3; do cat /fs/silent >/dev/null 2>&1 & done; cat /fs/lost >/dev/null 2>&1 &',
    )
    void guest.push('/fs/deaf', Buffer.alloc(2 ** 20)).catch(() => undefined)
    await harmless(() => guest.freeze(), ['ETIMEDOUT', 'ERR_TIMEOUT'], 15_000)
    await harmless(() => guest.stop({ method: 'kill' }), [])
    t.equal(guest.state, 'stopped')
  },
  settings,
)

await room.attack(
  'locks of its terminals',
  async (attack) => {
    const { t, host, guest, other, harmless } = attack
    const server = await mounted(attack)
    const held = await Promise.all(
      ['write', 'read'].map(async (how) => {
        const session = await guest.spawn(['sh', '-c', 'tty; exec sleep 1000'], { tty: true })
        const [said] = (await once(session.stdout, 'data')) as [Buffer]
        const name = said.toString().trim()
        t.match(name, /^\/dev\/pts\/\d+$/)
        // Not of the session, so not killed with it.
        const holder = await guest.spawn(['/attack', name, '/fs/silent', how])
        await first(holder.stdout, () => true)
        return { session, holder }
      }),
    )
    for (const { session, holder } of held) {
      session.stdin?.write('so that there is something to read\n')
      holder.stdin?.write('\n')
    }
    await sleep(aWhile(300)) // they wait for their memory by then
    await Promise.all(held.map(({ session }) => harmless(() => session.close(), [])))
    for (let i = 0; i < 5; i++) {
      await harmless(() => host.keeperPid(), [])
      await harmless(() => other.exec(['true']), [])
      await harmless(() => guest.exec(['true']), [])
    }
    await server.close() // with which all end that wait for it
    await Promise.all(held.map(({ holder }) => harmless(() => holder.close(), [])))
  },
  settings,
)

await room.attack(
  'command lines that do not come',
  async (attack) => {
    const { t, host, guest, other, harmless } = attack
    await using _server = await mounted(attack)
    await using hidden = await guest.spawn(['/attack', '/fs/silent'])
    t.equal(String(await first(hidden.stdout, () => true)), 'ready\n')
    const readers = () => readdirSync('/proc/self/task').filter(isReader).length
    for (let round = 0; round < 5; round++) {
      await harmless(async () => {
        const all = await guest.processes()
        const silent = all.filter(({ name }) => name === 'hidden')
        t.equal(silent.filter(({ command }) => command === null).length, 8)
        t.ok(all.some(({ containerPid, state }) => containerPid === 1 && state !== ''))
      }, [])
      await harmless(async () => {
        const all = await other.processes()
        t.ok(all.length > 0 && all.every(({ command }) => command !== null))
      }, [])
      await harmless(() => host.processes({ host: true }), [])
      await harmless(() => host.processesByPid([process.pid]), [])
      await harmless(() => readFile('/proc/self/status'), [], 1000)
      // Nobody waits for more of them, and for none of them twice.
      await until(() => readers() === 3)
    }
    await harmless(() => guest.stop({ method: 'kill' }), [])
    await until(() => readers() === 0)
    await guest.start()
    t.ok((await guest.processes()).every(({ command }) => command !== null))
  },
  settings,
)

function isReader(task: string): boolean {
  try {
    return readFileSync(`/proc/self/task/${task}/comm`, 'utf8') === 'vpsadminos-proc\n'
  } catch {
    return false // it has ended
  }
}

room.finish()
