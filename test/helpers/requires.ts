// What a test needs of the machine. Missing: the file is skipped with the reason, unless REQUIRED
// names it; then it fails.
import { existsSync, readFileSync, statSync } from 'node:fs'
import { spawnSync } from 'node:child_process'
import tap, { type Test } from 'tap'
import { fuzzTargets } from './fuzz.js'
import { confines } from './guest-zfs.js'
import { programs } from './programs.js'
import { idmapsTmpfs } from './quick-directory.js'
import { selftestPath } from './selftest.js'

const probes = {
  root: () => (process.getuid?.() === 0 ? null : 'not root'),
  cgroup: () =>
    / - cgroup2? /.test(readFileSync('/proc/self/mountinfo', 'utf8')) ? null : 'no cgroups mounted',
  cgroup2: () =>
    / - cgroup2 /.test(readFileSync('/proc/self/mountinfo', 'utf8')) ? null : 'no cgroup2 mounted',
  userns: () =>
    existsSync('/proc/self/ns/user') &&
    readFileSync('/proc/sys/user/max_user_namespaces', 'utf8').trim() !== '0'
      ? null
      : 'no user namespaces',
  'idmapped tmpfs': () => (idmapsTmpfs() ? null : 'tmpfs cannot be idmapped before Linux 6.3'),
  fuse: () => (/ fuse$/m.test(readFileSync('/proc/misc', 'utf8')) ? null : 'no FUSE'),
  zfs: () => (existsSync('/dev/zfs') ? (found('zpool') ?? found('zfs')) : 'no ZFS'),
  'confining zfs': () => (confines() ? null : 'with this OpenZFS a guest would have the zpool'),
  loop: () => (existsSync('/dev/loop-control') ? null : 'no loop devices'),
  'mkfs.btrfs': () => found('mkfs.btrfs'),
  'mkfs.xfs': () => found('mkfs.xfs'),
  liblxc: () =>
    spawnSync('ldconfig', ['-p'], { encoding: 'utf8' }).stdout.includes('liblxc.so.1')
      ? null
      : 'no liblxc.so.1',
  busybox: () => (existsSync('/bin/busybox') ? null : 'no static busybox'),
  tar: () => found('tar'),
  xz: () => found('xz'),
  zstd: () => found('zstd'),
  setfattr: () => found('setfattr'),
  mmdebstrap: () => found('mmdebstrap'),
  qemu: () => found('qemu-system-x86_64'),
  nbdkit: () => found('nbdkit'),
  // Made by `npm run build:dev`.
  'fuzz targets': () => (existsSync(fuzzTargets) ? null : `no ${fuzzTargets}`),
  'g++': () => found('g++'),
  make: () => found('make'),
  python3: () => found('python3'),
  // Made by `npm run build:dev`.
  'test programs': () => (existsSync(programs) ? null : `no ${programs}`),
  // Made by `npm run build:dev`.
  selftest: () => (existsSync(selftestPath) ? null : `no ${selftestPath}`),
  'c++': () => found(process.env['CXX'] ?? 'c++'),
  cc: () => found(process.env['CC'] ?? 'cc'),
  ip: () => found('ip'),
  'lxc-info': () => found('lxc-info'),
  groff: () => found('groff'),
  openssl: () => found('openssl'),
  // Of scripts/test.sh, which lints with it.
  'clang-tidy': () => found('clang-tidy'),
  // The kernel tells of other processes only there; these are the numbers of the initial ones.
  'proc-events': () =>
    statSync('/proc/self/ns/pid').ino === 0xeffffffc &&
    statSync('/proc/self/ns/user').ino === 0xeffffffd
      ? null
      : 'not in the initial pid and user namespaces',
} satisfies Record<string, () => string | null>

export type Requirement = keyof typeof probes

function found(program: string): string | null {
  return spawnSync('sh', ['-c', `command -v ${program}`]).status === 0 ? null : `no ${program}`
}

export function requires(...names: Requirement[]): Test {
  const required = new Set((process.env['REQUIRED'] ?? '').split(','))
  for (const name of required) {
    if (name !== '' && !(name in probes)) throw new Error(`REQUIRED names '${name}': no such thing`)
  }
  for (const name of names) {
    const reason = probes[name]()
    if (reason === null) continue
    if (required.has(name)) {
      tap.fail(`REQUIRED: ${reason}`)
      process.exit(1)
    }
    tap.plan(0, reason)
    process.exit(0)
  }
  return tap
}
