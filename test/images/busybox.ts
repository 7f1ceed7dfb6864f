// The busybox image is one static program and a few files, the same at every build.
import { execFileSync } from 'node:child_process'
import { lstatSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { scratch, testStore } from '../helpers/image.js'
import { requires } from '../helpers/requires.js'

const t = requires('root', 'busybox', 'tar')

t.test('content', async (t) => {
  const path = join(scratch(t), 'busybox.tar')
  const again = join(scratch(t), 'busybox.tar')
  execFileSync('images/busybox/build.sh', [path])
  execFileSync('images/busybox/build.sh', [again])
  t.ok(readFileSync(path).equals(readFileSync(again)))

  const { store } = await testStore(t)
  const image = await store.import({ path, distribution: 'busybox', version: '1' })
  const at = (name: string): string => join(image.root, name)
  for (const applet of ['sbin/init', 'bin/sh', 'sbin/poweroff', 'sbin/reboot', 'sbin/ifup']) {
    t.equal(readlinkSync(at(applet)), '/bin/busybox')
  }
  t.match(
    execFileSync('chroot', [image.root, '/bin/sh', '-c', 'id -un'], { encoding: 'utf8' }),
    'root',
  )
  t.match(lstatSync(at('tmp')), { uid: 0, gid: 0 })
  t.equal(lstatSync(at('tmp')).mode & 0o7777, 0o1777)
  t.equal(lstatSync(at('etc/shadow')).mode & 0o7777, 0o640)
  t.match(readFileSync(at('etc/os-release'), 'utf8'), /^ID=busybox$/m)
})

t.test('a busybox that is not static, or none', async (t) => {
  const build = (busybox: string): unknown =>
    execFileSync('images/busybox/build.sh', [join(scratch(t), 'x.tar')], {
      stdio: 'pipe',
      env: { ...process.env, BUSYBOX: busybox },
    })
  t.throws(() => build('/nowhere'), /is missing/)
  t.throws(() => build('/bin/ls'), /is not static/)
})
