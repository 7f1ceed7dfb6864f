// The OCI configuration that isolates as our containers are isolated: the same namespaces, ids,
// capabilities, refused system calls, devices and limit.
import { readFileSync } from 'node:fs'

export const firstId = 1_000_000_000
export const memoryLimit = 64 * 1024 * 1024

const droppedCapabilities = [
  'CAP_MAC_ADMIN',
  'CAP_MAC_OVERRIDE',
  'CAP_SYS_MODULE',
  'CAP_SYS_RAWIO',
  'CAP_SYS_TIME',
  'CAP_SYSLOG',
  'CAP_WAKE_ALARM',
]

// Kernel order, so that an index is a capability's number.
export const capabilities = (
  'CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE ' +
  'NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO ' +
  'SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME ' +
  'SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG ' +
  'WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE'
)
  .split(' ')
  .map((name) => `CAP_${name}`)

const openDevices: [major: number, minor: number | null][] = [
  [1, 3],
  [1, 5],
  [1, 7],
  [1, 8],
  [1, 9],
  [5, 0],
  [5, 1],
  [5, 2],
  [136, null],
]

const architectures: Record<string, string[]> = {
  x64: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_X32'],
  arm64: ['SCMP_ARCH_AARCH64', 'SCMP_ARCH_ARM'],
}

export function ociConfig(rootfs: string, cgroupsPath: string): string {
  const last = Number(readFileSync('/proc/sys/kernel/cap_last_cap', 'utf8'))
  const kept = capabilities
    .slice(0, last + 1)
    .filter((capability) => !droppedCapabilities.includes(capability))
  const map = [{ containerID: 0, hostID: firstId, size: 65536 }]
  const kernel = ['nosuid', 'noexec', 'nodev']
  return JSON.stringify({
    ociVersion: '1.0.2',
    root: { path: rootfs },
    hostname: 'bench',
    process: {
      user: { uid: 0, gid: 0 },
      args: ['/sbin/init'],
      env: ['container=oci'],
      cwd: '/',
      capabilities: { bounding: kept, effective: kept, permitted: kept },
    },
    mounts: [
      { destination: '/proc', type: 'proc', source: 'proc', options: kernel },
      tmpfs('/dev', ['nosuid', 'mode=755', 'size=500000']),
      {
        destination: '/dev/pts',
        type: 'devpts',
        source: 'devpts',
        options: ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620', 'gid=5'],
      },
      tmpfs('/dev/shm', ['nosuid', 'nodev', 'mode=1777']),
      { destination: '/sys', type: 'sysfs', source: 'sysfs', options: [...kernel, 'ro'] },
    ],
    linux: {
      uidMappings: map,
      gidMappings: map,
      namespaces: ['user', 'mount', 'pid', 'uts', 'ipc', 'network', 'cgroup'].map((type) => ({
        type,
      })),
      cgroupsPath,
      resources: {
        memory: { limit: memoryLimit },
        devices: [
          { allow: false, access: 'rwm' },
          { allow: true, type: 'c', access: 'm' },
          { allow: true, type: 'b', access: 'm' },
          ...openDevices.map(([major, minor]) => ({
            ...{ allow: true, type: 'c', access: 'rwm', major },
            ...(minor === null ? {} : { minor }),
          })),
        ],
      },
      maskedPaths: [
        ...['/proc/kcore', '/proc/keys', '/proc/latency_stats', '/proc/timer_list'],
        ...['/proc/acpi', '/proc/asound', '/proc/scsi', '/sys/firmware'],
      ],
      readonlyPaths: ['/proc/sys', '/proc/sysrq-trigger'],
      seccomp: {
        defaultAction: 'SCMP_ACT_ALLOW',
        architectures: architectures[process.arch],
        syscalls: [
          {
            names: [
              'kexec_load',
              'kexec_file_load',
              'open_by_handle_at',
              'init_module',
              'finit_module',
              'delete_module',
            ],
            action: 'SCMP_ACT_ERRNO',
            errnoRet: 1,
          },
          {
            names: ['umount2'],
            action: 'SCMP_ACT_ERRNO',
            errnoRet: 1,
            args: [{ index: 1, value: 1, valueTwo: 1, op: 'SCMP_CMP_MASKED_EQ' }],
          },
        ],
      },
    },
  })
}

function tmpfs(destination: string, options: string[]): object {
  return { destination, type: 'tmpfs', source: 'tmpfs', options }
}
