// Guests that are harmful by the way in which they start, and start again, and by what they print then.
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { setTimeout as sleep } from 'node:timers/promises'
import { AttackRoom } from '../helpers/attack-room.js'
import { requires } from '../helpers/requires.js'

const t = requires('root', 'userns', 'liblxc', 'cgroup', 'busybox', 'tar')
const room = await AttackRoom.open(t, 'boot', { program: false })
const run = promisify(execFile)

const inits = {
  fifo: 'mkfifo /sbin/init',
  directory: 'mkdir /sbin/init',
  'empty file': ': >/sbin/init; chmod 755 /sbin/init',
  'script of itself': "printf '#!/sbin/init\\n' >/sbin/init; chmod 755 /sbin/init",
  'script of the keeper': "printf '#!/proc/self/exe\\n' >/sbin/init; chmod 4755 /sbin/init",
  'link to the keeper': 'ln -s /proc/self/exe /sbin/init',
  'link to a descriptor': 'ln -s /proc/self/fd/3/../../../bin/sh /sbin/init',
  'link to itself': 'ln -s init /sbin/init',
  'large file': 'truncate -s 1099511627776 /sbin/init; chmod 755 /sbin/init',
}

await room.attack('an init that is no program', async ({ t, guest, shell, harmless }) => {
  for (const [name, make] of Object.entries(inits)) {
    await shell(`rm -rf /sbin/init; ${make}`)
    await guest.kill()
    const code = await harmless(
      () => guest.start({ timeout: 5000 }),
      ['ERR_CONTAINER_START', 'ERR_TIMEOUT'],
    )
    t.comment(`${name}: ${code}`)
    if (guest.state !== 'stopped') await guest.kill().catch(() => undefined)
    // As it was, for the next one.
    await guest.set({ initCmd: ['/bin/busybox', 'init'] })
    await guest.start()
    await shell('rm -rf /sbin/init; ln -s /bin/busybox /sbin/init')
    await guest.set({ initCmd: null })
  }
})

await room.attack('an init that ends at once', async ({ guest, harmless }) => {
  await guest.set({ initCmd: ['/bin/false'] })
  for (let i = 0; i < 10; i++) {
    await harmless(() => guest.start(), ['ERR_CONTAINER_START'])
    await harmless(() => guest.wait('stopped', { timeout: 5000 }), [])
  }
})

await room.attack('reboots without end', async ({ t, host, guest, other, harmless }) => {
  await guest.push('/etc/inittab', '::sysinit:/sbin/reboot -f\n')
  let times = 0
  const events = host.events()
  const counting = (async () => {
    for await (const event of events) if (event.type === 'exit' && event.id === 'guest') times++
  })()
  await harmless(() => guest.start(), ['ERR_CONTAINER_START'])
  for (const end = Date.now() + 2000; Date.now() < end; await sleep(20)) {
    await harmless(() => other.exec(['true']), [])
  }
  await harmless(() => guest.stop({ timeout: 500 }), [], 10_000)
  t.equal(guest.state, 'stopped')
  await events.return?.(undefined)
  await counting
  t.comment(`${times} reboots in 2 s`)
  t.ok(times > 0)
})

await room.attack('a console without end', async ({ t, guest, other, shell, harmless }) => {
  await guest.push('/etc/inittab', '::respawn:/bin/sh -c "yes xxxxxxxxxxxxxxxx >/dev/console"\n')
  await guest.start()
  await shell('head -c 3000000 /dev/zero >/dev/console; printf "\\033c\\377\\n" >/dev/console')
  let bytes = 0
  const console = guest.console()
  await harmless(async () => {
    for await (const output of console) if ((bytes += output.length) > 2 ** 20) break
  }, [])
  await console.close()
  t.ok(bytes > 2 ** 20)
  await harmless(() => other.exec(['true']), [])
  await harmless(() => guest.kill(), [])
})

await room.attack('keys that nobody reads', async ({ t, guest, other, shell, harmless }) => {
  await guest.push('/etc/inittab', '::once:/bin/sleep 1000\n')
  await guest.start()
  await shell('stty raw -echo </dev/console')
  const console = guest.console()
  const pressed = console.write(Buffer.alloc(2 ** 20, 'k'))
  const ended = t.rejects(pressed, { code: 'ERR_STATE' })
  await sleep(200)
  await harmless(() => other.exec(['true']), [])
  // liblxc's monitor waits until they are read: it is the one that has to be ended.
  await harmless(() => guest.kill(), [], 15_000)
  t.equal(guest.state, 'stopped')
  await ended
  await console.close()
})

await room.attack('setuid files for users of the host', async ({ t, host, guest, shell }) => {
  await shell('cp /bin/busybox /s; chmod 4777 /s; chmod 777 / /root')
  const [pool] = host.pools.list()
  const { initPid } = guest.show()
  for (const path of [
    `${pool?.path}/ct/guest/upper/s`,
    `/proc/${initPid}/root/s`,
    `/proc/${initPid}/cwd/s`,
    `${host.stateDir}/rootfs/tank/guest/s`,
  ]) {
    const nobody = { uid: 65534, gid: 65534 }
    await t.rejects(run(path, ['id'], nobody), { code: /^(EACCES|ENOENT)$/ }, path)
  }
})

room.finish()
