import t from 'tap'
import { checkRawLxc } from '../../../dist/container/raw-lxc.js'

t.test('lines that are fine', async (t) => {
  const text = `
# a comment
lxc.environment = A=b
  lxc.mount.entry = tmpfs mnt tmpfs size=1m,create=dir 0 0
lxc.cgroup2.memory.high=100M
lxc.cgroup2.cgroup.max.descendants = 20000
lxc.tty.max = 2
lxc.net.1.type = macvlan
lxc.apparmor.profile = unconfined
lxc.sysctl.net.ipv4.ip_forward = 1
`
  t.doesNotThrow(() => checkRawLxc(text, 'set.rawLxc'))
})

t.test('lines that are refused, with the number and the reason', async (t) => {
  const cases: [string, RegExp][] = [
    ['lxc.hook.pre-start = /bin/sh', /must be "lxc.key = value"|hook/],
    ['lxc.hook.start = /bin/sh', /runs on the host/],
    ['lxc.include = /etc/x', /included file/],
    ['lxc.mount.fstab = /etc/fstab', /lxc\.mount\.entry/],
    ['lxc.mount.auto = proc:rw', /read-only and masked/],
    ['lxc.net.1.script.up = /x', /runs on the host/],
    ['lxc.net.0.type = veth', /netif setting/],
    ['lxc.net.1.type = none', /host's network/],
    ['lxc.net.1.type = "none"', /host's network/],
    ['lxc.net.00.link = br0', /lxc\.net\.N/],
    ['lxc.net = ""', /lxc\.net\.N/],
    ["lxc.cap.drop = ''", /must have a value/],
    ['lxc.apparmor.profile = "generated"', /apparmor_parser/],
    ['lxc.namespace.share.net = 1', /share namespaces/],
    ['lxc.idmap = u 0 0 65536', /follows from the user/],
    ['lxc.rootfs.path = dir:/', /follows from the user and the pool/],
    ['lxc.cap.drop =', /must have a value/],
    ['lxc.cap.keep = sys_module', /give back/],
    ['lxc.cgroup.dir.container = /', /follows from the group/],
    ['lxc.init.cmd = /bin/sh', /initCmd/],
    ['lxc.apparmor.profile = generated', /apparmor_parser/],
    ['lxc.seccomp.profile = /x', /seccompProfile/],
    ['lxc.execute.cmd = /x', /not known to be safe/],
    ['lxc.environmental = x', /not known to be safe/],
    ['lxc.mount.entry = /srv ../../srv none bind 0 0', /must not go up/],
    ['lxc.mount.entry = /srv a/../../srv none bind 0 0', /must not go up/],
    ['lxc.mount.entry = "/srv /srv none bind 0 0"', /would be ignored/],
    ['lxc.mount.entry = /srv', /fstab/],
    ['hello', /lxc\.key = value/],
    ['lxc.environment = a\0lxc.hook.start', /lxc\.key = value/],
    ['lxc.environment = a\rlxc.hook.start = x', /lxc\.key = value/],
  ]
  for (const [line, reason] of cases) {
    t.throws(
      () => checkRawLxc(`# first\n${line}`, 'set.rawLxc'),
      { code: 'ERR_INVALID_ARGUMENT', argument: 'set.rawLxc', reason },
      JSON.stringify(line),
    )
    t.throws(() => checkRawLxc(`# first\n${line}`, 'x'), {
      code: 'ERR_INVALID_ARGUMENT',
      reason: /^line 2: /,
    })
  }
})
