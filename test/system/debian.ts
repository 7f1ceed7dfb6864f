// A distribution boots by its own init: unprivileged, on storage whose ids are its own, and through
// reboots from inside to a clean end.
import { lstatSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import type { Container, Host } from 'vpsadminos'
import { suites } from '../helpers/debian.js'
import { first } from '../helpers/host.js'
import { requires } from '../helpers/requires.js'
import { importDebian, systemHost } from '../helpers/system.js'

const t = requires('root', 'userns', 'liblxc', 'mmdebstrap', 'tar', 'zstd')

/** What a successful command printed. */
async function output(t: Test, ct: Container, ...args: string[]): Promise<string> {
  const { stdout, stderr, exitCode } = await ct.exec(args, { timeout: 60_000 })
  t.equal(exitCode, 0, `${args.join(' ')}: ${stderr}`)
  return stdout.trim()
}

async function booted(t: Test, ct: Container): Promise<void> {
  t.match(await ct.wait('ready', { timeout: 60_000 }), { by: 'init', state: 'running' })
  t.equal(await output(t, ct, 'systemctl', 'is-system-running', '--wait'), 'running')
  t.equal(await output(t, ct, 'systemctl', '--failed', '--no-legend', '--plain'), '')
}

/** Resolves when the next init runs, with its process id. */
async function reboot(host: Host, ct: Container): Promise<number> {
  const next = host.events()
  // The order may well end the program that gives it before that one has ended by itself.
  await ct.exec(['systemctl', 'reboot']).catch(() => undefined)
  const event = await first(
    next,
    (event) => event.type === 'state' && event.state === 'running' && event.id === ct.id,
  )
  return event.type === 'state' ? (event.initPid ?? 0) : 0
}

async function consoleHistory(ct: Container): Promise<string> {
  await using console = ct.console()
  let text = ''
  for await (const chunk of console) {
    text += chunk.toString()
    if (console.position?.offset === statSync(ct.show().consoleLog).size) break
  }
  return text
}

/** Owners of everything below a directory on disk. */
function owners(directory: string): Set<number> {
  const found = new Set<number>()
  for (const name of readdirSync(directory, { recursive: true, encoding: 'utf8' })) {
    const { uid, gid } = lstatSync(join(directory, name))
    found.add(uid).add(gid)
  }
  return found
}

for (const { suite, version } of suites) {
  t.test(suite, async (t) => {
    const host = await systemHost(t)
    const image = await importDebian(host, suite)
    const create = (id: string): Promise<Container> =>
      host.containers.create({
        id,
        image: { distribution: 'debian', version },
        memoryLimit: '256 MiB',
        hostname: `${id}.example.org`,
      })
    const ct = await create('one')
    const base = ct.user.uidMap[0]?.hostId ?? 0
    let initPid = 0

    await t.test('boots without a failed unit', async (t) => {
      const started = await ct.start()
      initPid = started.initPid
      await booted(t, ct)
      t.equal(await output(t, ct, 'hostname', '-f'), 'one.example.org')
      t.match(await output(t, ct, 'cat', '/etc/machine-id'), /^[0-9a-f]{32}$/)
    })

    await t.test('is unprivileged', async (t) => {
      const proc = `/proc/${initPid}`
      const { uid, gid } = statSync(proc)
      t.ok(base >= 65536)
      t.strictSame([uid, gid], [base, ct.user.gidMap[0]?.hostId], 'its root is nobody here')
      const known = readFileSync('/etc/passwd', 'utf8').split('\n')
      t.notOk(known.some((line) => line.split(':')[2] === String(base)))
      const map = readFileSync(`${proc}/uid_map`, 'utf8').trim().split(/\s+/).map(Number)
      t.strictSame(map, [0, base, ct.user.uidMap[0]?.count])
      t.match(readFileSync(`${proc}/status`, 'utf8'), /^Seccomp:\t2$/m)
      for (const ns of ['user', 'mnt', 'pid', 'net', 'ipc', 'uts', 'cgroup']) {
        t.not(statSync(`${proc}/ns/${ns}`).ino, statSync(`/proc/self/ns/${ns}`).ino, ns)
      }
      t.not((await ct.exec(['mknod', '/root/mem', 'c', '1', '1'])).exitCode, 0)
      t.not((await ct.exec(['sh', '-c', 'echo 1 > /proc/sys/kernel/sysrq'])).exitCode, 0)
    })

    await t.test('ids on disk are its own', async (t) => {
      const script = 'echo x > /srv/file && install -o nobody -m 4755 /bin/true /srv/setuid'
      await output(t, ct, 'sh', '-c', script)
      t.equal(await output(t, ct, 'stat', '-c', '%u %g', '/etc/shadow'), '0 42')
      t.match(lstatSync(join(image.root, 'etc/shadow')), { uid: 0, gid: 42 })
      const { dataset, cloneMode } = ct.show()
      const upper = join(dataset, cloneMode === 'overlay' ? 'upper' : 'private')
      t.match(lstatSync(join(upper, 'srv/file')), { uid: 0, gid: 0 })
      t.match(lstatSync(join(upper, 'srv/setuid')), { uid: 65534, mode: 0o104755 })
      for (const id of owners(upper)) t.ok(id < 65536, `${id} is an id of the container`)
      const mounts = readFileSync(`/proc/${initPid}/mountinfo`, 'utf8').split('\n')
      const rootfs = mounts.map((line) => line.split(' ')).find((fields) => fields[4] === '/')
      t.match(rootfs?.[5], /\bnodev\b/)
    })

    await t.test('keeps a journal', async (t) => {
      await output(t, ct, 'sh', '-c', 'echo remember me | systemd-cat -t tester')
      await output(t, ct, 'journalctl', '--sync')
      t.match(await output(t, ct, 'journalctl', '-b', '-t', 'tester', '--no-pager'), /remember me/)
    })

    await t.test('a reboot from inside applies what waits for it', async (t) => {
      // systemd raises the soft one as far as it may.
      const prlimits = { nofile: { soft: 512, hard: 777 } }
      const limited = /^Max open files +\d+ +777 /m
      t.match(await ct.set({ prlimits }), { pending: ['prlimits'] })
      t.match(await ct.set({ memoryLimit: '300 MiB', hostname: 'renamed.example.org' }), {
        applied: ['memoryLimit', 'hostname'],
      })
      t.strictSame(ct.show().pending, ['prlimits'])
      t.notMatch(readFileSync(`/proc/${initPid}/limits`, 'utf8'), limited)

      const next = await reboot(host, ct)
      t.not(next, initPid)
      initPid = next
      t.equal(ct.show().initPid, next)
      t.match(ct.show().exit, { reason: 'reboot' })
      t.strictSame(ct.show().pending, [])
      await booted(t, ct)
      t.match(readFileSync(`/proc/${next}/limits`, 'utf8'), limited)
      t.equal(await output(t, ct, 'hostname', '-f'), 'renamed.example.org')
      t.equal(await output(t, ct, 'cat', '/srv/file'), 'x', 'what it wrote is still there')
      t.equal((await ct.stats()).memoryLimit, 300 * 2 ** 20)
      t.equal(statSync(`/proc/${next}`).uid, base)
    })

    await t.test('the console remembers both boots', async (t) => {
      const boots = (await consoleHistory(ct)).match(/Welcome to .*Debian GNU\/Linux/g) ?? []
      t.equal(boots.length, 2)
    })

    await t.test(
      'another one from the same image, under other ids, at the same time',
      async (t) => {
        const other = await create('two')
        const { initPid: otherPid } = await other.start()
        await booted(t, other)
        t.not(statSync(`/proc/${otherPid}`).uid, base)
        t.equal(statSync(`/proc/${otherPid}`).uid, other.user.uidMap[0]?.hostId)
        t.equal(statSync(`/proc/${initPid}`).uid, base)
        t.not(
          (await other.exec(['cat', '/srv/file'])).exitCode,
          0,
          'what one writes the other lacks',
        )
        const id = (ct: Container): Promise<string> => output(t, ct, 'cat', '/etc/machine-id')
        t.not(await id(ct), await id(other))
        t.match(lstatSync(join(image.root, 'etc/shadow')), { uid: 0, gid: 42 })
        t.match(await other.delete({ force: true }), { leftovers: [] })
      },
    )

    await t.test('shuts down when it is told to', async (t) => {
      // systemd waits ten seconds for a program that is not its child, unless it is woken.
      const program = await ct.spawn(['sleep', '1000'], { stdin: false })
      const { rung, tookMs } = await ct.stop({ timeout: 30_000 })
      t.same(await program.exit, { exitCode: null, signal: 'SIGTERM' })
      t.equal(rung, 'shutdown')
      t.ok(tookMs < 10_000, `${tookMs} ms`)
      t.match(ct.show(), { state: 'stopped', exit: { reason: 'halt' }, initPid: null })
      t.match(await ct.delete(), { leftovers: [] })
      t.strictSame((await host.audit()).leftovers, [])
    })
  })
}
