// What a guest does to the programs that the host starts in it: on their way in, and from there.
import { createHash } from 'node:crypto'
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { initProgram } from '../../dist/keeper/spawn.js'
import { AttackRoom } from '../helpers/attack-room.js'
import { until } from '../helpers/keeper-host.js'
import { requires } from '../helpers/requires.js'
import { compiled } from '../helpers/programs.js'
import { busyboxArchive } from '../helpers/system.js'

const t = requires('root', 'userns', 'liblxc', 'cgroup', 'busybox', 'tar', 'test programs')
const room = await AttackRoom.open(t, 'exec')
const run = promisify(execFile)

await room.attack('a home that is a magic link', async ({ t, guest, shell, outside, secret }) => {
  await shell(`mkdir /h; for i in $(seq 0 31); do
    ln -s /proc/self/fd/$i /h/$i; echo "u$i:x:0:0::/h/$i:/bin/sh" >>/etc/passwd; done`)
  for (let fd = 0; fd < 32; fd++) {
    const above = ['/attack', 'above', `${outside}/secret`]
    const { stdout } = await guest.exec(above, { user: `u${fd}` })
    t.equal(stdout, '/\n', `descriptor ${fd} leads nowhere`)
    t.notMatch(stdout, secret)
  }
})

await room.attack('a home of a user that is a magic link', async (attack) => {
  const { t, guest, shell, outside } = attack
  for (const home of ['/proc/self/root', '/proc/1/root', '/proc/1/cwd', '/proc/self/fd/9/../..']) {
    await shell(`echo "evil:x:7:7::${home}:/bin/sh" >/etc/passwd`)
    const above = ['/attack', 'above', `${outside}/secret`]
    t.equal((await guest.exec(above, { user: 'evil' })).stdout, '/\n', home)
  }
})

await room.attack(
  'a working directory that leads out',
  async ({ t, guest, shell, outside, harmless }) => {
    await shell(`ln -s /proc/self/root/etc /srv-magic; ln -s ${outside} /srv-absolute
    ln -s ../../../../../../..${outside} /srv-up; ln -s /attack /srv-file`)
    const enter = (cwd: string) =>
      harmless(() => guest.exec(['pwd'], { cwd }), ['ELOOP', 'ENOENT', 'ENOTDIR'])
    t.equal(await enter('/srv-magic'), 'ELOOP')
    t.equal(await enter('/srv-absolute'), 'ENOENT')
    t.equal(await enter('/srv-up'), 'ENOENT')
    t.equal(await enter('/srv-file'), 'ENOTDIR')
    t.equal(await enter(`/../../..${outside}`), 'ENOENT')
  },
)

await room.attack('descriptors that leaked', async ({ t, guest, shell }) => {
  await shell('true')
  const list = ['/attack', 'descriptors']
  t.equal((await guest.exec(list)).stdout, '0\n1\n2\n')
  const session = await guest.spawn(list, { tty: true })
  const text = (await session.stdout.toArray()).join('')
  t.equal(text, '0\r\n1\r\n2\r\n')
  await session.exit
  t.equal(await shell('ls -l /proc/1/fd | grep -c -e cgroup -e memfd -e /sys || true'), '0\n')
})

const digest = (path: string) => createHash('sha256').update(readFileSync(path)).digest('hex')

await room.attack(
  'a program that is the keeper’s own',
  async ({ t, guest, shell, host, harmless }) => {
    const exe = `/proc/${await host.keeperPid()}/exe`
    const before = digest(exe)
    await shell(`ln -s /proc/self/exe /bin/link; printf '#!/proc/self/exe\\n' >/bin/script
    chmod 755 /bin/script`)
    const overwriting = guest.exec(['/attack', 'overwrite', '1.5'])
    const stop = Date.now() + 1500
    while (Date.now() < stop) {
      for (const name of ['link', 'script']) {
        await harmless(() => guest.exec([name]), ['ELOOP', 'ENOEXEC', 'EACCES', 'ENOENT'])
      }
    }
    t.match((await overwriting).stdout, /^0 of \d+\n$/)
    t.equal(digest(exe), before, 'it is as it was')
  },
)

await room.attack('libraries and tables for the host to load', async ({ t, guest, shell }) => {
  await shell(`mkdir -p /lib/x86_64-linux-gnu /usr/lib/gconv /lib64 /etc/ld.so.conf.d
    for f in /etc/ld.so.preload /etc/nsswitch.conf /etc/ld.so.cache /etc/locale.alias \\
      /lib/x86_64-linux-gnu/libnss_files.so.2 /lib/x86_64-linux-gnu/libc.so.6 \\
      /usr/lib/gconv/gconv-modules /lib64/ld-linux-x86-64.so.2; do cp /attack $f; done`)
  const watch = ['/attack', 'watch', '2', '/etc/ld.so.preload', '/etc/nsswitch.conf']
  const watched = ['/etc/ld.so.cache', '/etc/locale.alias', '/lib', '/lib64', '/usr/lib/gconv']
  const more = ['/lib/x86_64-linux-gnu', '/lib64/ld-linux-x86-64.so.2']
  const watching = guest.exec([...watch, ...watched, ...more])
  await sleep(500)
  await guest.push('/srv/a', 'x', { mkdirs: true })
  for await (const _chunk of await guest.pull('/srv/a'));
  await guest.exec(['true'], { user: 'nobody', cwd: '/' })
  await guest.set({ hostname: 'other', dnsResolvers: ['192.0.2.1'] })
  t.equal((await watching).stdout, 'watching\n', 'none of them was opened')
})

await room.attack('a debugger for who enters', async ({ t, guest, shell }) => {
  await shell('true')
  const tracing = guest.exec(['/attack', 'trace', '1.5'])
  const stop = Date.now() + 1500
  while (Date.now() < stop) await guest.exec(['true'])
  const [, foreign, looked] = /^(\d+) of (\d+)\n$/.exec((await tracing).stdout) ?? []
  t.equal(Number(foreign), 0, 'nothing of the host was read or traced')
  t.ok(Number(looked) > 0)
})

await room.attack('a signal for who enters', async ({ t, guest, shell, other, harmless }) => {
  await shell('true')
  const ending = guest.exec(['/attack', 'end', '1'])
  const codes = new Set<string>()
  for (const stop = Date.now() + 1000; Date.now() < stop;) {
    codes.add(await harmless(() => guest.exec(['true']), ['ERR_EXEC_KILLED']))
  }
  await ending
  t.comment([...codes].join(' '))
  const stopping = guest.exec(['/attack', 'stop', '2'])
  const given = { timeout: 500 }
  for (let i = 0; i < 3; i++) {
    await harmless(() => guest.exec(['true'], given), ['ERR_TIMEOUT', 'ERR_EXEC_KILLED'])
    await harmless(() => other.exec(['true']), [])
  }
  await stopping
})

await room.attack('keys of the host', async ({ t, host }) => {
  const program = compiled('attacks/exec')
  const archive = await busyboxArchive(t)
  const script = `
    import { readFileSync } from 'node:fs'
    import { Host } from ${JSON.stringify(new URL('../../dist/index.js', import.meta.url).href)}
    const host = await Host.temporary()
    try {
      await host.images.import({ path: '${archive}', distribution: 'busybox', version: '1' })
      const ct = await host.containers.create({ id: 'one', image: { distribution: 'busybox' } })
      await ct.push('/attack', readFileSync('${program}'), { mode: 0o755 })
      await ct.push('/etc/inittab', '::sysinit:/bin/sh -c "/attack keyring >/of-init"\\n')
      await ct.start()
      process.stdout.write((await ct.exec(['/attack', 'keyring'])).stdout)
      process.stdout.write((await ct.exec(['cat', '/of-init'])).stdout)
    } finally {
      await host.close()
    }`
  const node = [process.execPath, '--input-type=module', '-e', script]
  const mine = await run(program, ['with-keyring', 'precious', program, 'keyring'])
  t.equal(mine.stdout, 'precious\n', 'there is one')
  const { stdout } = await run(program, ['with-keyring', 'precious', ...node])
  t.notMatch(stdout, 'precious')
  t.equal(stdout, '\n\n')
  t.ok(host.stateDir)
})

await room.attack('keys for the terminal', async ({ t, guest, shell }) => {
  await shell('true')
  t.equal((await guest.exec(['/attack', 'tiocsti'])).stdout, 'No such device or address 0\n')
  const session = await guest.spawn(['/attack', 'tiocsti'], { tty: true })
  t.match((await session.stdout.toArray()).join(''), /^[^]*terminal [01]\r\n$/)
  await session.exit
  await sleep(50)
  t.equal(await shell('ls /pushed 2>/dev/null || true'), '', 'nobody typed that')
})

await room.attack('output that nobody reads', async ({ guest, shell, other, harmless }) => {
  await shell('true')
  const flood = await guest.spawn(['yes'], { tty: true })
  const pipe = await guest.spawn(['yes'])
  await harmless(() => guest.exec(['yes'], { maxBuffer: '64 KiB' }), ['ERR_OUTPUT_LIMIT'])
  await harmless(
    () => guest.exec(['yes', 'x'.repeat(100_000)], { timeout: 300, maxBuffer: Infinity }),
    ['ERR_TIMEOUT'],
  )
  await harmless(() => other.exec(['true']), [])
  await harmless(async () => {
    for (const session of [flood, pipe]) {
      session.abort()
      session.stdout.destroy()
      session.stderr?.destroy()
      await session.close()
    }
  }, [])
})

await room.attack('locks of its pipes', async ({ t, guest, shell, other, harmless }) => {
  await shell('true')
  const holds = await guest.spawn(['/attack', 'hold'], { stdin: true })
  holds.stdin?.write('x'.repeat(200_000))
  holds.stdout.resume()
  await sleep(300)
  await harmless(() => other.exec(['true']), [])
  await harmless(() => guest.exec(['/attack', 'hold'], { timeout: 300 }), ['ERR_TIMEOUT'])
  await harmless(
    () => guest.exec(['/attack', 'hold'], { timeout: 300, stdin: 'x' }),
    ['ERR_TIMEOUT'],
  )
  t.equal((await guest.exec(['echo', 'x'])).stdout, 'x\n')
  await harmless(() => holds.close(), [])
  await harmless(() => other.exec(['true']), [])
})

await room.attack('locks that are held for ever', async (attack) => {
  const { t, guest, shell, other, harmless } = attack
  await shell('true')
  const holder = await guest.spawn(['/attack', 'holder'])
  let said = 0
  holder.stdout.on('data', (chunk: Buffer) => {
    said += chunk.length
  })
  await until(() => said === 1)
  let code = 'ok'
  for (let round = 0; round < 6 && code === 'ok'; round++) {
    const all = said + 32
    const spawn = () => guest.spawn(['/attack', 'held'], { stdin: false })
    const sessions = await Promise.all(Array.from({ length: 32 }, spawn))
    await until(() => said === all)
    await Promise.all(sessions.map((session) => harmless(() => session.close(), [])))
    code = await harmless(() => guest.exec(['true']), ['EAGAIN'])
  }
  t.equal(code, 'EAGAIN', 'no more of them')
  await harmless(() => other.exec(['true']), [])
  await harmless(() => guest.kill(), [])
  await harmless(() => holder.close(), [])
  await guest.start()
  await until(async () => (await harmless(() => guest.exec(['true']), ['EAGAIN'])) === 'ok')
})

await room.attack('no terminal where they are', async ({ t, guest, shell, outside, harmless }) => {
  await shell(`mount -t tmpfs none /dev/pts; mkfifo /dev/pts/ptmx`)
  const spawn = () =>
    harmless(async () => {
      const session = await guest.spawn(['true'], { tty: true })
      await session.close()
    }, ['ENOTTY', 'ELOOP', 'ENOENT', 'ENXIO'])
  t.equal(await spawn(), 'ENOTTY')
  await shell(`rm /dev/pts/ptmx; ln -s /dev/tty /dev/pts/ptmx`)
  t.equal(await spawn(), 'ENOTTY')
  await shell(`umount /dev/pts; mount -t tmpfs none /mnt; mkdir -p /mnt/self/fd
    for i in $(seq 0 30); do ln -s ${outside}/secret /mnt/self/fd/$i; done; mount --move /mnt /proc`)
  t.equal(await spawn(), 'ok', 'a /proc of its own says nothing')
  t.equal((await guest.exec(['echo', 'x'])).stdout, 'x\n')
})

await room.attack('an init without limits to give', async ({ guest, shell, harmless }) => {
  await shell('/attack limits')
  const codes = ['EMFILE', 'EAGAIN', 'ENOMEM', 'EFBIG', 'E2BIG', 'EBADF', 'ERR_EXEC_KILLED']
  await harmless(() => guest.exec(['true']), codes)
  await harmless(() => guest.spawn(['true'], { tty: true }).then((s) => s.close()), codes)
})

await room.attack(
  'an init that calls itself capabilities',
  async ({ t, guest, other, shell }) => {
    const bounding = ['grep', 'CapBnd', '/proc/self/status']
    t.equal(await shell('true'), '')
    t.equal((await guest.exec(bounding)).stdout, (await other.exec(bounding)).stdout)
  },
  { initCmd: ['/attack', 'strange-init'] },
)

await room.attack('a lease on what is opened', async ({ t, guest, shell, other, harmless }) => {
  await shell(`cp /bin/busybox /leased; echo 'u:x:5:5::/:' >/etc/passwd; echo x >/srv-file
    /attack lease 4 /leased & /attack lease 4 /etc/passwd & /attack lease 4 /srv-file &
    /attack lease 4 /etc/hosts & sleep 0.2`)
  const one = harmless(() => guest.exec(['/leased', 'true'], { timeout: 1000 }), ['ERR_TIMEOUT'])
  await harmless(() => other.exec(['true']), [])
  t.equal(await one, 'ERR_TIMEOUT')
  await harmless(() => guest.exec(['true'], { user: 'u' }), ['ERR_INVALID_ARGUMENT', 'EAGAIN'])
  await harmless(() => guest.pull('/srv-file'), ['EAGAIN'])
  await harmless(() => guest.set({ hostname: 'leased' }), ['EAGAIN'])
})

await room.attack('an init in the place of ours', async ({ t, guest, outside, harmless }) => {
  const alone = async (script: string) =>
    (await guest.exec(['sh', '-c', script], { run: true, cwd: '/' })).stdout
  await alone(`for f in /init /sbin/init /bin/init /usr/bin/init; do rm -rf $f
    printf '#!/bin/sh\\necho own >>/own\\n' >$f; chmod 4755 $f; done`)
  for (const make of [
    'true',
    'rm /sbin/init; ln -s /proc/self/exe /sbin/init',
    'rm /sbin/init; mkfifo /sbin/init',
    'rm /sbin/init; mkdir /sbin/init',
    'rm -r /sbin /init; ln -s / /sbin',
  ]) {
    await alone(make)
    t.equal(await alone('readlink /proc/1/exe; cat /own 2>/dev/null'), '/memfd:init (deleted)\n')
  }
  await alone(`mv /proc /p; mkdir /proc; rm -rf /dev; ln -s ${outside} /dev`).catch(() => '')
  await harmless(() => alone('true'), ['ERR_CONTAINER_START'])
  t.equal(guest.state, 'stopped')
})

await room.attack('the program of our init', async ({ t, guest }) => {
  const before = digest(initProgram())
  const write = `(echo '#!/attack' >/proc/1/exe) 2>/dev/null && echo written
    chmod 777 /proc/1/exe 2>/dev/null && echo changed
    cat /attack 2>/dev/null 1<>/proc/1/exe && echo copied; ls -A /proc/1/fd | tr '\\n' ' '`
  const { stdout } = await guest.exec(['sh', '-c', write], { run: true })
  t.equal(stdout, '0 1 2 ')
  t.equal(digest(initProgram()), before)
  t.match(await guest.exec(['cat', '/proc/1/comm'], { run: true }), { stdout: 'init\n' })
})

await room.attack('an init of ours that is held', async ({ t, guest, other, harmless }) => {
  const run = true
  for (const script of ['true', 'exit 1', 'kill -9 $$']) {
    const held = ['sh', '-c', `/attack keep-init; ${script}`]
    await harmless(async () => t.match(await guest.exec(held, { run }), { stdout: 'held\n' }), [])
    t.equal(guest.state, 'stopped', 'it ends with its program all the same')
  }
  for (const end of [() => guest.stop({ timeout: 500 }), () => guest.kill()]) {
    const session = await guest.spawn(['sh', '-c', '/attack keep-init; sleep 1000'], { run })
    await new Promise((resolve) => session.stdout.once('data', resolve))
    await harmless(() => other.exec(['true']), [])
    await harmless(end, [], 10_000)
    t.match(await session.exit, { signal: 'SIGKILL' })
    await session.close()
  }
  const long = ['sh', '-c', '/attack keep-init; sleep 1000']
  await harmless(() => guest.exec(long, { run, timeout: 500 }), ['ERR_TIMEOUT'])
  t.equal(guest.state, 'stopped')
})

await room.attack('a reboot of what runs for a program', async ({ t, guest, harmless }) => {
  await guest.push('/etc/inittab', '::sysinit:/bin/touch /booted\n')
  for (const order of ['reboot -f', 'poweroff -f', 'kill 1']) {
    const program = ['sh', '-c', `trap '' TERM; ${order}; sleep 1000`]
    const { signal } = await guest.exec(program, { run: true })
    t.equal(signal, 'SIGKILL', order)
    await harmless(() => guest.wait('stopped', { timeout: 5000 }), [])
  }
  t.match(await guest.exec(['ls', '/booted'], { run: true }), { exitCode: 1 })
})

room.finish()
