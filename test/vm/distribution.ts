// The systems that machines are made of: a Debian, its kernel and its ZFS, and where they come from.

export interface Distribution {
  readonly suite: 'bookworm' | 'trixie'
  readonly packages: readonly string[]
  /** Source packages whose packages come from the suite's backports. */
  readonly backports: readonly string[]
}

const common = [
  ...['linux-image-cloud-amd64', 'kmod', 'apparmor', 'zfsutils-linux'],
  ...['systemd', 'systemd-sysv', 'dbus', 'udev', 'runit'],
  ...['lxc', 'lxcfs'],
  ...[
    'busybox-static',
    'attr',
    'iproute2',
    'procps',
    'xz-utils',
    'zstd',
    'e2fsprogs',
    'fdisk',
    'libeatmydata1',
  ],
]

export const distributions = {
  /** Linux 6.12, LXC 6.0, OpenZFS 2.3. */
  'debian-13': {
    suite: 'trixie',
    packages: [...common, 'liblxc1t64'],
    backports: [],
  },
  /** Linux 6.1, LXC 5.0, OpenZFS 2.3 of its backports. */
  'debian-12': {
    suite: 'bookworm',
    packages: [...common, 'liblxc1'],
    backports: ['zfs-linux'],
  },
  /** Debian 13 with the kernel and the OpenZFS of its backports, which are the newest. */
  newest: {
    suite: 'trixie',
    packages: [...common, 'liblxc1t64'],
    backports: ['zfs-linux', 'linux', 'linux-signed-amd64', 'linux-base'],
  },
} as const satisfies Record<string, Distribution>

export type DistributionName = keyof typeof distributions

/** What somebody asked for. */
export function distributionNamed(name: string): DistributionName {
  if (name in distributions) return name as DistributionName
  throw new Error(`${name} is none of ${Object.keys(distributions).join(', ')}`)
}

/** Those that `--on` names, of which there is at least one. */
export function chosen(): [DistributionName, ...DistributionName[]] {
  const [first = '', ...others] = (process.env['VM_ON'] ?? 'debian-13').split(',')
  return [distributionNamed(first), ...others.map(distributionNamed)]
}
