// A root filesystem that is a busybox and nothing else: the smallest guest that has an init,
// a shell, and answers to reboot and poweroff.
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

// What a guest of a test may call. All that busybox can do would be twice as many links, which every test makes again.
const applets = `[ ash awk base64 basename cat chmod chown chroot cmp cp cut date dd df dirname dmesg du echo env expr
  false find free grep halt head hostname id ifconfig init ip kill killall less ln login ls mkdir mkfifo mknod mktemp
  mount mv nc nproc nsenter od passwd pidof ping pivot_root poweroff printf ps pwd readlink realpath reboot rm rmdir
  route sed seq setsid sh sha256sum sleep sort stat stty su swapoff swapon sync sysctl tail tar tee test time timeout
  top touch tr true truncate tty umount uname unlink unshare uptime usleep vi wc which who whoami xargs yes`

export function busyboxRoot(root: string): string {
  for (const dir of ['bin', 'sbin', 'etc', 'proc', 'sys', 'dev', 'tmp', 'run', 'root', 'usr/bin']) {
    mkdirSync(join(root, dir), { recursive: true })
  }
  cpSync('/bin/busybox', join(root, 'bin/busybox'))
  for (const applet of applets.split(/\s+/)) symlinkSync('busybox', join(root, 'bin', applet))
  symlinkSync('../bin/busybox', join(root, 'sbin/init'))
  writeFileSync(join(root, 'etc/inittab'), 'console::askfirst:-/bin/sh\n::ctrlaltdel:/bin/reboot\n')
  writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\n')
  writeFileSync(join(root, 'etc/group'), 'root:x:0:\n')
  return root
}
