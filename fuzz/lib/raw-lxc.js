// Lines of LXC configuration given by hand: after those that are let through, liblxc must still have
// all that we wrote before them.
import { checkRawLxc } from '../../dist/container/raw-lxc.js'
import { InvalidArgumentError } from '../../dist/host/errors.js'
import { check, quickly } from './finding.js'
import { loaded } from './liblxc.js'

const OURS = `
lxc.uts.name = ours
lxc.rootfs.path = dir:/ours
lxc.init.cmd = /sbin/init
lxc.idmap = u 0 1000000 65536
lxc.idmap = g 0 1000000 65536
lxc.seccomp.profile = /ours
lxc.cap.drop = sys_module sys_time
lxc.cgroup.dir.container = ours
lxc.mount.auto = proc:mixed sys:mixed
lxc.mount.entry = /dev/null proc/kcore none bind 0 0
lxc.net.0.type = veth
lxc.net.0.link = ours
lxc.net.0.name = eth0
lxc.prlimit.nofile = 1024:4096
`

// As they are after those lines.
const SAME = [
  'lxc.uts.name',
  'lxc.rootfs.path',
  'lxc.init.cmd',
  'lxc.idmap',
  'lxc.seccomp.profile',
  'lxc.cgroup.dir.container',
  'lxc.mount.auto',
  'lxc.mount.fstab',
  'lxc.net.0.type',
  'lxc.net.0.link',
  'lxc.net.0.name',
  'lxc.net.0.hwaddr',
  'lxc.net.0.script.up',
  'lxc.net.0.script.down',
  'lxc.prlimit',
  'lxc.cap.keep',
  'lxc.hook.pre-start',
  'lxc.hook.start',
  'lxc.hook.stop',
  'lxc.hook.mount',
  'lxc.hook.autodev',
  'lxc.namespace.share.net',
]
// More may have been added.
const BEGINS = ['lxc.cap.drop', 'lxc.mount.entry', 'lxc.net']
const MORE = [1, 2, 3].flatMap((index) => [`lxc.net.${index}.type`, `lxc.net.${index}.script.up`])

const keys = [...SAME, ...BEGINS, ...MORE, 'lxc.apparmor.profile']
const before = await loaded(OURS, keys)

/** @param {Buffer} data */
export async function fuzz(data) {
  const text = data.toString()
  // As long as it may be given, from an input that is short.
  for (const each of [
    text,
    text.replace(/[ \t.=]/g, (char) => char.repeat(5000)).slice(0, 65536),
  ]) {
    try {
      quickly(each.length, () => checkRawLxc(each, 'set.rawLxc'))
    } catch (error) {
      if (!(error instanceof InvalidArgumentError)) throw error
      if (each === text) return
    }
  }
  const after = await loaded(OURS + text, keys)
  if (after === null) return
  check(before !== null, 'ours can be loaded')
  for (const key of SAME) check(after[key] === before[key], `${key} is ${after[key]}`)
  for (const key of BEGINS)
    check(after[key]?.startsWith(before[key] ?? ''), `${key} is ${after[key]}`)
  for (const key of MORE) {
    check(
      key.endsWith('type') ? after[key] !== 'none' : after[key] === '',
      `${key} is ${after[key]}`,
    )
  }
  check(after['lxc.apparmor.profile'] !== 'generated', 'no program is run for AppArmor')
}
