// What a guest's root asks of the kernel, which says no. Each call is made by a process of its own.
import { AttackRoom } from '../helpers/attack-room.js'
import { requires } from '../helpers/requires.js'

const t = requires('root', 'userns', 'liblxc', 'cgroup', 'busybox', 'tar', 'test programs')
const room = await AttackRoom.open(t, 'kernel')

/** Attacks, and the calls that they are made of; test/attacks/kernel.c has these. */
const asks: Record<string, string[]> = {
  'another kernel': ['module', 'module_file', 'module_away', 'kexec', 'kexec_file'],
  'the hardware': ['ports', 'some_ports', 'swap_on', 'swap_off', 'accounting', 'quotas', 'hang_up'],
  'the log of the kernel': ['log_read', 'log_clear', 'log_device'],
  'nodes of devices': ['memory_device', 'disk_device', 'loop_device', 'fuse_device'],
  'the clock': ['clock_set', 'time_zone'],
  'programs and probes in the kernel': ['perf', 'bpf', 'fault'],
  'a file by its handle': ['handle'],
  'filesystems of the host': [
    'mount_disk',
    'open_filesystem',
    'mount_debug',
    'mount_trace',
    'mount_security',
  ],
  'device nodes by detours': ['mount_devices', 'overlay_devices'],
  'a user namespace inside': ['nested', 'nested_map'],
  'namespaces of the host': ['enter_host'],
  'more than its share': ['priority', 'realtime', 'more_files', 'unkillable'],
  'settings of the kernel': [
    'core_pattern',
    'core_pattern_anew',
    'modprobe',
    'sysrq',
    'overcommit',
    'uevent',
    'writable_sys',
  ],
  'a way out of its root': ['host_file', 'host_by_root', 'chroot_out', 'up'],
}

const tried = new Set<string>()
for (const [name, calls] of Object.entries(asks)) {
  await room.attack(name, async ({ t, guest, shell, outside }) => {
    await shell('true')
    for (const call of calls) {
      const ask = ['/attack', call, `${outside}/secret`]
      const { stdout, exitCode } = await guest.exec(ask, { timeout: 10_000 })
      t.equal(exitCode, 0, call)
      t.match(stdout, /^refused /, `${call}: ${stdout.trim()}`)
      tried.add(call)
    }
    if (name !== 'another kernel') return
    const known = (await shell('/attack list')).trim().split('\n')
    t.same(known.sort(), Object.values(asks).flat().sort(), 'all calls are tried')
  })
}
t.equal(tried.size, Object.values(asks).flat().length)
room.finish()
