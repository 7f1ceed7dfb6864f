// Files that the host reads and writes in a guest, and that are something else, too large or without end.
import { readFileSync } from 'node:fs'
import { AttackRoom, type Attack } from '../helpers/attack-room.js'
import { requires } from '../helpers/requires.js'

const t = requires('root', 'userns', 'liblxc', 'cgroup', 'busybox', 'tar', 'test programs')
const room = await AttackRoom.open(t, 'files')

// Shell commands that make something at $f.
const kinds = {
  fifo: 'mkfifo $f',
  directory: 'mkdir -p $f/x',
  socket: '/attack socket $f',
  'a device that is bound there': ': >$f; mount --bind /dev/zero $f',
  'a file that is bound there': ': >$f; : >/bound; mount --bind /bound $f',
  'a file that is read-only':
    ': >$f; : >/bound; mount --bind /bound $f; mount -o remount,bind,ro $f',
  'a link to itself': 'ln -s $f $f',
  nothing: ':',
}
const unreadable = ['EISDIR', 'EINVAL', 'EBUSY', 'EROFS', 'ELOOP', 'ENXIO', 'EFBIG', 'ENOENT']

async function replaceEach(
  { shell }: Attack,
  names: string[],
  work: (kind: string) => Promise<void>,
): Promise<void> {
  for (const [kind, make] of Object.entries(kinds)) {
    const paths = names.map((name) => `/etc/${name}`).join(' ')
    await shell(`for f in ${paths}; do umount -l $f 2>/dev/null; rm -rf $f; ${make}; done`)
    await work(kind)
  }
}

await room.attack('no file where a name is written', async (attack) => {
  const { guest, harmless } = attack
  const names = ['hostname', 'hosts', 'resolv.conf']
  let round = 0
  await replaceEach(attack, names, async () => {
    const settings = { hostname: `n${round++}`, dnsResolvers: [`192.0.2.${round}`] }
    await harmless(() => guest.set(settings), unreadable)
    await harmless(() => guest.set({ dnsResolvers: [`192.0.3.${round}`] }), unreadable)
  })
})

await room.attack('no file where users are looked up', async (attack) => {
  const { t, guest, harmless } = attack
  await replaceEach(attack, ['passwd', 'group'], async (kind) => {
    const code = await harmless(
      () => guest.exec(['true'], { user: 'nobody' }),
      ['ERR_INVALID_ARGUMENT'],
    )
    t.equal(code, 'ERR_INVALID_ARGUMENT', kind)
    const { stdout } = await guest.exec(['grep', 'Uid', '/proc/self/status'], { user: 7 })
    t.match(stdout, /\t7\t/, kind)
  })
})

await room.attack('no file where one is pushed and pulled', async (attack) => {
  const { guest, harmless } = attack
  const codes = ['ERR_INVALID_ARGUMENT', ...unreadable]
  await replaceEach(attack, ['pushed'], async () => {
    await harmless(() => guest.push('/etc/pushed', 'x'), codes)
    await harmless(async () => {
      for await (const _chunk of await guest.pull('/etc/pushed'));
    }, codes)
  })
})

await room.attack('files of a terabyte', async ({ t, guest, shell, harmless }) => {
  await shell(`cd /etc; rm -f passwd group hosts hostname
    for f in passwd group hosts hostname resolv.conf; do truncate -s 1099511627776 $f; done`)
  const user = await harmless(
    () => guest.exec(['true'], { user: 'nobody' }),
    ['ERR_INVALID_ARGUMENT'],
  )
  t.equal(user, 'ERR_INVALID_ARGUMENT')
  await harmless(() => guest.set({ hostname: 'large', dnsResolvers: ['192.0.2.1'] }), ['EFBIG'])
  await harmless(async () => {
    let bytes = 0
    for await (const chunk of await guest.pull('/etc/passwd')) {
      bytes += (chunk as Buffer).length
      if (bytes > 2 ** 20) break // whoever pulls has the say
    }
    t.ok(bytes < 2 ** 21)
  }, [])
  const giveUp = new AbortController()
  setTimeout(() => giveUp.abort(), 200)
  const pulled = await guest.pull('/etc/passwd', { signal: giveUp.signal })
  await t.rejects(
    async () => {
      for await (const _chunk of pulled);
    },
    { name: 'AbortError' },
  )
})

await room.attack('tables of a million lines', async ({ t, guest, shell, harmless }) => {
  await shell(`/attack lines /etc/passwd 'u%ld:x:1:1::/:\n' 1000000
    /attack lines /etc/group 'g:x:%ld:u1\n' 1000000`)
  const began = performance.now()
  await harmless(() => guest.exec(['true'], { user: 'u999999' }), ['ERR_INVALID_ARGUMENT'])
  // As many groups as fit into what is read of it.
  await shell(
    `/attack lines /etc/passwd 'u%ld:x:1:1::/:\n' 5; /attack lines /etc/group 'g:x:%ld:u1\n' 4000`,
  )
  await harmless(() => guest.exec(['true'], { user: 'u1' }), ['ERR_INVALID_ARGUMENT'])
  t.ok(performance.now() - began < 20_000)
})

await room.attack('tables that are no text', async ({ t, guest, shell, harmless }) => {
  await shell(`printf 'nul:x:1:1::/a\\0b:/:\\nbad\\377:x:2:2::/\\376:\\nmin:x:-1:-1::/:\\nmax:x:4294967295:0::/:
huge:x:99999999999999999999:0::/:\\nhex:x:0x0:0::/:\\nexp:x:1e1:0::/:\\nun:x:4294967294:7::/:\\nempty:x:::::\\n' >/etc/passwd
    printf '\\0\\377:x:\\n:::nul,min\\ng:x:-5:nul\\ng:x:4294967295:nul,exp\\n' >/etc/group`)
  for (const user of ['nul', 'min', 'max', 'huge', 'hex', 'exp', 'un', 'empty']) {
    const codes = ['ERR_INVALID_ARGUMENT', 'EINVAL']
    await harmless(async () => {
      const { stdout } = await guest.exec(['id'], { user, timeout: 4000 })
      t.notMatch(stdout, /4294967295/)
    }, codes)
  }
  await shell(`printf '\\377\\376\\0 broken\\n' >/etc/hosts`)
  await harmless(() => guest.set({ hostname: 'text' }), [])
  t.match(await shell('cat /etc/hosts'), /127\.0\.0\.1 text/)
})

await room.attack(
  'files of the kernel under another name',
  async ({ t, guest, shell, harmless }) => {
    const score = async () => Number(await shell('cat /proc/1/oom_score_adj'))
    await shell(`: >/pushed; mount --bind /proc/1/oom_score_adj /pushed`)
    const before = await score()
    t.match(await shell('echo -900 >/pushed 2>/dev/null || echo refused'), 'refused')
    const refused = [
      'ERR_INVALID_ARGUMENT',
      'EACCES',
      'EPERM',
      'EROFS',
      'EIO',
      'EINVAL',
      'ENOENT',
      'ELOOP',
      'ESRCH',
    ]
    await harmless(() => guest.push('/pushed', '-900'), refused)
    t.equal(await score(), before, 'the host lends no right to its guest')
    const host = readFileSync('/proc/sys/kernel/core_pattern', 'utf8')
    for (const path of [
      '/proc/sys/kernel/core_pattern',
      '/proc/sysrq-trigger',
      '/proc/sys/kernel/hostname',
      '/proc/1/mem',
      '/proc/kmsg',
      '/proc/kcore',
      '/proc/self/mem',
      '/sys/kernel/uevent_helper',
    ]) {
      await harmless(() => guest.push(path, '|/tmp/x'), refused)
      await shell(`umount -l /pushed; mount --bind ${path} /pushed 2>/dev/null || true`)
      await harmless(() => guest.push('/pushed', '|/tmp/x'), refused)
      await harmless(async () => {
        const pulled = await guest.pull(path)
        pulled.on('error', () => undefined).destroy()
      }, refused)
    }
    t.equal(readFileSync('/proc/sys/kernel/core_pattern', 'utf8'), host)
  },
)

await room.attack('a network of the host’s by its files', async ({ t, guest, shell }) => {
  await shell('echo 5 >/proc/sys/net/ipv4/conf/lo/tag')
  const chunks: unknown[] = await (await guest.pull('/proc/sys/net/ipv4/conf/lo/tag')).toArray()
  t.equal(chunks.join(''), '5\n', 'what is pulled is the guest’s own')
})

await room.attack('a tree that no path reaches', async ({ t, shell }) => {
  const made = 'mkdir /deep; cd /deep; /attack deep 2500 && for i in $(seq 1 1000); do : >$i; done'
  t.equal(await shell(`${made}; ls | wc -l`), '1001\n')
})

room.finish()
