// Files that are mounts of their own, and filesystems that are full or cannot be written.
import { text } from 'node:stream/consumers'
import { busybox, temporaryHost } from '../../helpers/host.js'
import { requires } from '../../helpers/requires.js'

const t = requires('root', 'userns', 'liblxc', 'cgroup', 'busybox')
const host = await temporaryHost(t)
const ct = await host.containers.create({ id: 'one', image: busybox })
await ct.start()

async function shell(script: string): Promise<string> {
  const { stdout } = await ct.exec(['sh', '-c', `set -e; ${script}`])
  return stdout
}

await t.test('a file that is a mount of its own is written in place', async (t) => {
  await shell(`
    mkdir -p /srv/from /srv/to; echo longer than before >/srv/from/file; : >/srv/to/file
    mount --bind /srv/from/file /srv/to/file
  `)
  t.equal(await ct.push('/srv/to/file', 'pushed', { mode: 0o600, uid: 1000 }), 6)
  t.equal(await shell('cat /srv/from/file; stat -c %a,%u /srv/from/file'), 'pushed600,1000\n')
  await t.rejects(ct.push('/srv/to/file', 'x', { gid: 70_000 }), { code: 'ERR_INVALID_ARGUMENT' })
  t.equal(await text(await ct.pull('/srv/to/file')), 'pushed')
  await shell('mount -o remount,bind,ro /srv/to/file')
  await t.rejects(ct.push('/srv/to/file', 'x'), { code: 'EROFS', path: '/srv/to/file' })
  t.equal(await shell('cat /srv/from/file; ls -A /srv/to'), 'pushedfile\n')
})

await t.test('a file that becomes one meanwhile stays', async (t) => {
  await shell('echo -n old >/srv/from/later')
  async function* source() {
    yield 'new'
    await shell('mount --bind /srv/from/file /srv/from/later')
  }
  await t.rejects(ct.push('/srv/from/later', source()), { code: 'EBUSY', syscall: 'renameat' })
  t.equal(await shell('umount /srv/from/later; cat /srv/from/later'), 'old')
  t.equal(await shell('ls -A /srv/from'), 'file\nlater\n')
})

await t.test('no space left', async (t) => {
  await shell(
    'mkdir /srv/full; mount -t tmpfs -o size=64k tmpfs /srv/full; echo -n old >/srv/full/f',
  )
  await t.rejects(ct.push('/srv/full/f', Buffer.alloc(1_000_000)), { code: 'ENOSPC' })
  t.equal(await shell('ls -A /srv/full; cat /srv/full/f'), 'f\nold')
})

await t.test('a filesystem that cannot be written', async (t) => {
  await shell('mount -o remount,bind,ro /srv/full')
  for (const path of ['/srv/full/f', '/srv/full/new']) {
    await t.rejects(ct.push(path, 'x'), { code: 'EROFS', path })
  }
  t.equal(await shell('ls -A /srv/full; cat /srv/full/f'), 'f\nold')
})
