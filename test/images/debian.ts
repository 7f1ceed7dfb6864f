// The Debian images carry nothing of the machine that built them, and what a container needs.
import { execFileSync } from 'node:child_process'
import { existsSync, lstatSync, readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { debianImage, suites } from '../helpers/debian.js'
import { testStore } from '../helpers/image.js'
import { requires } from '../helpers/requires.js'

const t = requires('root', 'mmdebstrap', 'tar', 'zstd')

for (const { suite, version } of suites) {
  t.test(suite, async (t) => {
    const { store } = await testStore(t)
    const path = await debianImage(suite)
    const image = await store.import({ path, distribution: 'debian', version })
    const at = (name: string): string => join(image.root, name)
    const text = (name: string): string => readFileSync(at(name), 'utf8')

    t.match(text('etc/os-release'), `VERSION_ID="${version}"`)
    t.notOk(existsSync(at('etc/hostname')))
    t.notOk(existsSync(at('etc/resolv.conf')))
    t.equal(text('etc/machine-id'), '')
    t.notOk(existsSync(at('var/lib/dbus/machine-id')), 'dbus takes that one')
    t.notOk(text('etc/hosts').includes(hostname()))

    const sources = text('etc/apt/sources.list').trim().split('\n')
    t.strictSame(sources, [
      `deb http://deb.debian.org/debian ${suite} main`,
      `deb http://deb.debian.org/debian ${suite}-updates main`,
      `deb http://deb.debian.org/debian-security ${suite}-security main`,
    ])
    t.notOk(existsSync(at('etc/apt/apt.conf.d/99mmdebstrap')))

    t.match(readlinkSync(at('usr/sbin/init')), /systemd$/)
    t.ok(existsSync(at('usr/bin/dbus-daemon')))
    t.ok(existsSync(at('usr/sbin/ifup')))
    const masked = 'etc/systemd/system/systemd-machine-id-commit.service'
    t.equal(readlinkSync(at(masked)), '/dev/null', 'nothing syncs the host at boot')
    t.match(lstatSync(at('etc/shadow')), { uid: 0, gid: 42 }, 'ids are 0-based')
    t.match(text('etc/shadow'), /^root:[*!]/m, 'nobody can log in with a password')
    t.equal(lstatSync(at('usr/bin/su')).mode & 0o7777, 0o4755)
  })
}

t.test('what is asked for wrongly', async (t) => {
  const build = (...args: string[]): unknown =>
    execFileSync('images/debian/build.sh', args, { stdio: 'pipe' })
  t.throws(() => build(), /usage/)
  t.throws(() => build('bookworm'), /usage/)
  t.throws(() => build('sarge', '/tmp/x.tar'), /unknown suite 'sarge'/)
})
