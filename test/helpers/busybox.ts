// A root filesystem that is a busybox and nothing else: the smallest guest that has an init,
// a shell, and answers to reboot and poweroff.
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export function busyboxRoot(root: string): string {
  for (const dir of ['bin', 'sbin', 'etc', 'proc', 'sys', 'dev', 'tmp', 'run', 'root', 'usr/bin']) {
    mkdirSync(join(root, dir), { recursive: true })
  }
  cpSync('/bin/busybox', join(root, 'bin/busybox'))
  const { stdout } = spawnSync('/bin/busybox', ['--list'], { encoding: 'utf8' })
  for (const applet of stdout.trim().split('\n')) {
    if (applet !== 'busybox') symlinkSync('busybox', join(root, 'bin', applet))
  }
  symlinkSync('../bin/busybox', join(root, 'sbin/init'))
  writeFileSync(join(root, 'etc/inittab'), 'console::askfirst:-/bin/sh\n::ctrlaltdel:/bin/reboot\n')
  writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\n')
  writeFileSync(join(root, 'etc/group'), 'root:x:0:\n')
  return root
}
