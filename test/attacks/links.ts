// Links, at each place where the host goes through a guest's files: while it stands still, and while
// it is on its way.
import { execFile } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { promisify } from 'node:util'
import { AttackRoom, type Attack } from '../helpers/attack-room.js'
import { requires } from '../helpers/requires.js'
import { compiled } from '../helpers/programs.js'
import { busyboxArchive } from '../helpers/system.js'
import { aWhile } from '../helpers/time.js'

const t = requires('root', 'userns', 'liblxc', 'cgroup', 'busybox', 'tar', 'test programs')
const room = await AttackRoom.open(t, 'links')
const run = promisify(execFile)

// What any of them may answer where it is led nowhere.
const nowhere = [
  'EEXIST',
  'ELOOP',
  'ENOENT',
  'ENOTDIR',
  'EACCES',
  'EPERM',
  'EROFS',
  'EXDEV',
  'EAGAIN',
]

/** Targets that would be the directory outside, if something led there. */
function ways(outside: string): string[] {
  const up = '..' + '/..'.repeat(12)
  return [outside, `${up}${outside}`, `/proc/self/root${outside}`, `/proc/1/root/${up}${outside}`]
}

const both = ['stopped', 'running'] as const

async function into(attack: Attack, state: (typeof both)[number]): Promise<void> {
  if (state === 'stopped' && attack.guest.state !== 'stopped') await attack.guest.kill()
}

await room.attack('links where names are written', async (attack) => {
  const { guest, shell, outside, harmless } = attack
  for (const way of ways(outside)) {
    for (const state of both) {
      for (const name of ['hostname', 'hosts', 'resolv.conf']) {
        await shell(`cd /etc; rm -rf ${name}; ln -s ${way}/${name} ${name}`)
      }
      await into(attack, state)
      const hostname = `n${Math.random().toString(36).slice(2)}`
      await harmless(() => guest.set({ hostname, dnsResolvers: ['192.0.2.1'] }), nowhere)
      await shell(
        `rm -rf /e; mv /etc /e 2>/dev/null || { cp -a /etc /e; rm -rf /etc; }; ln -s ${way} /etc`,
      )
      await into(attack, state)
      await harmless(() => guest.set({ hostname: 'guest', dnsResolvers: null }), nowhere)
      await harmless(() => guest.set({ dnsResolvers: ['192.0.2.2'] }), nowhere)
      await shell(`rm -rf /etc; cp -a /e /etc`)
    }
  }
})

await room.attack(
  'links where users are looked up',
  async ({ t, guest, shell, outside, harmless }) => {
    for (const way of ways(outside)) {
      for (const name of ['passwd', 'group']) {
        await shell(`cd /etc; rm -rf ${name}; ln -s ${way}/${name} ${name}`)
      }
      const codes = ['ERR_INVALID_ARGUMENT']
      t.equal(
        await harmless(() => guest.exec(['true'], { user: 'passwd of the host' }), codes),
        codes[0],
      )
    }
  },
)

await room.attack('links where files are pushed and pulled', async (attack) => {
  const { t, guest, shell, outside, secret, harmless } = attack
  for (const way of ways(outside)) {
    await shell(`rm -rf /l /f; ln -s ${way} /l; ln -s ${way}/secret /f`)
    for (const state of both) {
      await into(attack, state)
      for (const path of [
        '/l/secret',
        '/f',
        '/l/new',
        '/l/directory/file',
        `/../..${outside}/secret`,
      ]) {
        await harmless(async () => {
          t.notMatch(await text(await guest.pull(path)), secret)
        }, nowhere)
      }
      for (const path of ['/l/secret', '/f', '/l/new', '/l/directory/new']) {
        await harmless(() => guest.push(path, 'x'), nowhere)
        await harmless(() => guest.push(path, 'x', { mkdirs: true }), nowhere)
      }
      // What was made was made inside.
      await shell(`rm -rf ${outside}`)
    }
  }
})

await room.attack('links where a start mounts', async ({ t, host, outside, harmless }) => {
  const image = { distribution: 'busybox' }
  const places = [
    '/dev',
    '/dev/pts',
    '/dev/shm',
    '/dev/console',
    '/proc',
    '/sys',
    '/run',
    '/sbin',
    '/tmp',
  ]
  const seen = new Set<string>()
  for (const place of places) {
    for (const way of ways(outside).slice(0, 2)) {
      const linked = await host.containers.create({ id: 'linked', image })
      await linked.start()
      const script = `umount -l ${place} 2>/dev/null; mv ${place} /old || rm -rf ${place}
        ln -s ${way} ${place}; readlink ${place}`
      const { stdout } = await linked.exec(['/bin/busybox', 'ash', '-c', script], { cwd: '/' })
      t.equal(stdout, `${way}\n`, `${place} is a link`)
      await linked.kill()
      seen.add(
        await harmless(
          () => linked.start({ timeout: 5000 }),
          ['ERR_CONTAINER_START', 'ERR_TIMEOUT'],
        ),
      )
      await linked.delete({ force: true })
    }
  }
  t.comment([...seen].join(' '))
})

await room.attack('a terminal of the host’s as the console', async ({ t }) => {
  const program = compiled('attacks/links')
  const archive = await busyboxArchive(t)
  const script = `
    import { Host } from ${JSON.stringify(new URL('../../dist/index.js', import.meta.url).href)}
    const host = await Host.temporary()
    try {
      await host.images.import({ path: '${archive}', distribution: 'busybox', version: '1' })
      const ct = await host.containers.create({ id: 'one', image: { distribution: 'busybox' } })
      await ct.start()
      const console = ct.console()
      await console.resize(5, 6)
      await ct.exec(['sh', '-c', 'umount -l /dev/console; rm /dev/console; ln -s tty /dev/console'])
      let code = 'none'
      await console.resize(33, 44).catch((error) => (code = error.code))
      await ct.exec(['sh', '-c', 'rm /dev/console; mkfifo /dev/console'])
      await console.resize(33, 44).catch((error) => (code += ' ' + error.code))
      await console.close()
      process.exitCode = code === 'ENOTTY ENOTTY' ? 7 : 1
    } finally {
      await host.close()
    }`
  const node = [process.execPath, '--input-type=module', '-e', script]
  const { stdout } = await run(program, ['with-terminal', ...node])
  t.equal(stdout, '7 11 22\n', 'ours has the size that it had')
})

/** Does it again and again while two names in the guest change places. */
async function race(
  { t, guest, shell }: Attack,
  [one, two]: [string, string],
  operation: () => Promise<unknown>,
): Promise<void> {
  await shell('true')
  const ms = aWhile(1500)
  const racing = guest.exec(['/attack', 'exchange', one, two, String(ms / 1000)])
  let rounds = 0
  for (const end = Date.now() + ms; Date.now() < end; rounds++) await operation()
  const { stdout, stderr } = await racing
  t.ok(Number(stdout) > 1000, `${stdout.trim()} exchanges in ${rounds} rounds ${stderr}`)
}

// Directories of the image cannot be renamed on an overlay.
const ownEtc = 'cp -a /etc /x; rm -rf /etc; mv /x /etc'

await room.attack('a race with the names', async (attack) => {
  const { guest, shell, outside, harmless } = attack
  await shell(`${ownEtc}; ln -s ${outside} /e`)
  let round = 0
  await race(attack, ['/etc', '/e'], () =>
    harmless(
      () => guest.set({ hostname: `n${round++}`, dnsResolvers: [`192.0.2.${round % 250}`] }),
      nowhere,
    ),
  )
})

await room.attack('a race with a push', async (attack) => {
  const { guest, shell, outside, harmless } = attack
  await shell(`mkdir -p /d/directory; ln -s ${outside} /e; ln -s ../../../../..${outside} /f`)
  let round = 0
  await race(attack, ['/d', '/e'], async () => {
    await harmless(() => guest.push(`/d/new${round++ % 3}`, 'x', { mkdirs: true }), nowhere)
    await harmless(() => guest.push('/d/secret', 'x'), nowhere)
  })
})

await room.attack('a race with a pull', async (attack) => {
  const { t, guest, shell, outside, secret, harmless } = attack
  await shell(
    `mkdir /d; echo mine >/d/secret; ln -s ${outside} /e; ln -s ../../../../..${outside}/secret /f`,
  )
  const contents = new Set<string>()
  await race(attack, ['/d', '/e'], () =>
    harmless(async () => contents.add(await text(await guest.pull('/d/secret'))), nowhere),
  )
  await race(attack, ['/d/secret', '/f'], () =>
    harmless(async () => contents.add(await text(await guest.pull('/d/secret'))), nowhere),
  )
  t.notOk(contents.has(secret))
  t.same([...contents], ['mine\n'])
})

await room.attack('a race with the directory of a program', async (attack) => {
  const { t, guest, shell, outside, secret, harmless } = attack
  await shell(
    `mkdir /d; ln -s /proc/self/root/../../..${outside} /e; ln -s ../../../..${outside} /f`,
  )
  for (const other of ['/e', '/f']) {
    await race(attack, ['/d', other], () =>
      harmless(async () => {
        const { stdout } = await guest.exec(['cat', 'secret'], { cwd: '/d' })
        t.notMatch(stdout, secret)
      }, nowhere),
    )
  }
})

await room.attack('a race with a new name', async (attack) => {
  const { guest, shell, outside, harmless } = attack
  await shell(`${ownEtc}; ln -s ${outside} /e`)
  let round = 0
  await guest.kill()
  await shell('true')
  await race(attack, ['/etc', '/e'], async () => {
    await harmless(
      () => guest.rename(round++ % 2 === 0 ? 'renamed' : 'guest'),
      ['ERR_STATE', ...nowhere],
    )
  })
})

room.finish()
