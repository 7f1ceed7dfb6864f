// A link that leads to nothing yet, and what is no file: nothing of it is opened or replaced.
import { text } from 'node:stream/consumers'
import { busybox, temporaryHost } from '../../helpers/host.js'
import { requires } from '../../helpers/requires.js'

const t = requires('root', 'userns', 'liblxc', 'cgroup', 'busybox')
const host = await temporaryHost(t)
const ct = await host.containers.create({ id: 'one', image: busybox })
await ct.start()

async function shell(script: string): Promise<string> {
  const { stdout } = await ct.exec(['sh', '-c', script])
  return stdout
}

await t.test('links', async (t) => {
  await shell(`
    mkdir -p /srv/real/deep /srv/far; ln -s /srv/real /srv/dir
    ln -s ../far/made /srv/real/relative
    ln -s /srv/far/absolute /srv/real/absolute
    ln -s ../../../../../../srv/far/up /srv/real/up
    ln -s relative-too /srv/real/chain; ln -s ../far/end /srv/real/relative-too
    ln -s loop /srv/real/loop
    ln -s /srv/missing/file /srv/real/nowhere
    ln -s ../far/directory/ /srv/real/slash
    echo old >/srv/far/old; ln -s ../far/old /srv/real/old
  `)
  for (const [link, file] of [
    ['relative', 'made'],
    ['absolute', 'absolute'],
    ['up', 'up'],
    ['chain', 'end'],
    ['old', 'old'],
  ] as const) {
    // Through a link in the middle: what `..` means there is decided by where that leads.
    await ct.push(`/srv/dir/${link}`, link)
    t.equal(await text(await ct.pull(`/srv/far/${file}`)), link, link)
    t.equal(await shell(`test -L /srv/real/${link} && echo a link`), 'a link\n', `${link} stays`)
  }
  await t.rejects(ct.push('/srv/real/loop', 'x'), { code: 'ELOOP' })
  await t.rejects(ct.push('/srv/real/nowhere', 'x'), { code: 'ENOENT', path: '/srv/missing/file' })
  t.equal(await shell('ls -A /srv'), 'dir\nfar\nreal\n')
  await ct.push('/srv/real/nowhere', 'made', { mkdirs: true })
  t.equal(await text(await ct.pull('/srv/missing/file')), 'made')
  await t.rejects(ct.push('/srv/real/slash', 'x'), { code: 'ERR_INVALID_ARGUMENT' })
  await t.rejects(ct.push('/proc/1/exe', 'x'), { code: 'ELOOP' }, 'a magic link')
  t.equal(await shell('ls -A /srv/far'), 'absolute\nend\nmade\nold\nup\n', 'nothing is left')
})

await t.test('the resolver of a distribution', async (t) => {
  await shell(
    'mkdir -p /run/resolve; rm -f /etc/resolv.conf; ln -s ../run/resolve/stub /etc/resolv.conf',
  )
  await ct.push('/etc/resolv.conf', 'nameserver 192.0.2.1\n')
  t.equal(await shell('cat /run/resolve/stub'), 'nameserver 192.0.2.1\n')
})

await t.test('what is no regular file', async (t) => {
  await shell(`
    mkdir -p /srv/odd/directory; cd /srv/odd; mkfifo fifo; ln -s fifo link; echo text >file
    mkdir -p directory/held; syslogd; until [ -S /dev/log ]; do sleep 0.1; done
  `)
  const kinds: [path: string, what: string][] = [
    ['/srv/odd/directory', 'a directory'],
    ['/srv/odd/fifo', 'a FIFO'],
    ['/srv/odd/link', 'a FIFO'],
    ['/dev/null', 'a character device'],
    ['/dev/log', 'a socket'],
  ]
  const before = await shell('ls -lA /srv/odd /dev/null')
  for (const [path, what] of kinds) {
    const message = new RegExp(`'${path}' is ${what}, not a regular file`)
    const code = 'ERR_INVALID_ARGUMENT'
    await t.rejects(ct.pull(path), { code, argument: 'pull.path', message })
    await t.rejects(ct.push(path, 'x'), { code, argument: 'push.path', message })
  }
  for (const path of ['/', '/srv/odd/new/', '/srv/odd/.', '/srv/odd/..']) {
    await t.rejects(
      ct.push(path, 'x'),
      { code: 'ERR_INVALID_ARGUMENT', argument: 'push.path' },
      path,
    )
  }
  t.equal(await shell('ls -lA /srv/odd /dev/null'), before, 'all of them as they were')
})

await t.test('many at once make their directory', async (t) => {
  const names = Array.from({ length: 8 }, (_, index) => `/srv/many/a/b/${index}`)
  await Promise.all(names.map((name) => ct.push(name, name, { mkdirs: true })))
  t.equal(await shell('ls -A /srv/many/a/b | wc -l'), '8\n')
})
