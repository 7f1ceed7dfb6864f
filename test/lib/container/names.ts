import t from 'tap'
import { utsName } from '../../../dist/container/hostname.js'
import { withHostname, withoutHostname } from '../../../dist/container/hosts-file.js'
import { initKindOf, signalsOf } from '../../../dist/container/init.js'
import { vethName } from '../../../dist/container/veth-name.js'

t.test('the kernel shows the hostname, cut only where it must be', async (t) => {
  t.equal(utsName('web1', null, 'debian'), 'web1')
  t.equal(utsName('web1', 'web1.example.org', 'debian'), 'web1')
  t.equal(utsName('web1', 'web1.example.org', 'fedora'), 'web1.example.org')
  t.equal(utsName('x'.repeat(100), null, 'fedora'), 'x'.repeat(63))
  t.equal(utsName('web1', `${'a'.repeat(60)}.example.org`, 'fedora'), 'a'.repeat(60))
  t.equal(utsName('-_', null, 'debian'), 'container')
  t.equal(utsName('_a-', null, 'debian'), 'a')
})

t.test('/etc/hosts gets the name, loses the old one and keeps the rest', async (t) => {
  const original = '127.0.0.1 localhost\n10.0.0.1 db'
  const first = withHostname(original, 'a.example.org')
  t.match(first, /^127\.0\.0\.1 localhost\n10\.0\.0\.1 db\n/)
  t.match(first, /^127\.0\.0\.1 a\.example\.org a$/m)
  const second = withHostname(first, 'b')
  t.match(second, /^::1 b$/m)
  t.notMatch(second, /example/)
  t.equal(withHostname(second, 'b'), second, 'writing it again changes nothing')
  t.equal(withoutHostname(second), `${original}\n`)
})

t.test('names of interfaces are stable, short and different', async (t) => {
  const names = new Set(Array.from({ length: 5000 }, (_, i) => vethName('veth', 'tank', `ct${i}`)))
  t.equal(names.size, 5000)
  for (const name of names) if (!/^veth[a-z0-9]{11}$/.test(name)) t.fail(name)
  t.equal(vethName('veth', 'tank', 'a'), vethName('veth', 'tank', 'a'))
  t.equal(vethName('abcdefgh', 'tank', 'a').length, 15)
})

t.test('inits by the path of their program', async (t) => {
  t.equal(initKindOf('/lib/systemd/systemd'), 'systemd')
  t.equal(initKindOf('../bin/busybox'), 'busybox')
  t.equal(initKindOf('/sbin/runit-init'), 'runit')
  t.equal(initKindOf('init'), 'other')
  t.equal(signalsOf('systemd').halt.number, 37)
})
