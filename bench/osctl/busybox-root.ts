// The smallest system that can be started and stopped: a busybox.
import { copyFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export function busyboxRoot(root: string): string {
  for (const name of ['bin', 'sbin', 'etc', 'proc', 'sys', 'dev', 'tmp', 'run', 'root']) {
    mkdirSync(join(root, name), { recursive: true })
  }
  copyFileSync('/bin/busybox', join(root, 'bin/busybox'))
  for (const name of ['sh', 'poweroff', 'reboot', 'halt'])
    symlinkSync('busybox', join(root, 'bin', name))
  symlinkSync('../bin/busybox', join(root, 'sbin/init'))
  writeFileSync(join(root, 'etc/inittab'), '::ctrlaltdel:/bin/reboot\n')
  writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\n')
  writeFileSync(join(root, 'etc/group'), 'root:x:0:\n')
  return root
}
