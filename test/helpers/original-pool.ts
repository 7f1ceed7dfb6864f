// A pool as vpsAdminOS leaves it: its datasets, and its files as that writes them, with all that this
// library does not know.
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { busyboxRoot } from './busybox.js'
import { zfs } from './zpool.js'

const file = (text: string): string => `---\n${text.replace(/^\n/, '')}`

/** Limits as it wrote them once, in `ct/103.yml`; and as that is to be when one has changed. */
export const limitsListed = `prlimits:
- name: nofile
  soft: 1024
  hard: 4096
- name: core
  soft: 0
  hard: unlimited
`
export const limitsMapped = `prlimits:
  nofile:
    soft: 2048
    hard: 4096
  core:
    soft: 0
    hard: unlimited
`

/** What is older than fields that there are today: those are missing, or were saved as null, or are in other words. */
export const olderFiles = {
  'user/old.yml': file(`
type: static
ugid: 5001
offset: 4064232000
size: 65536
`),
  'group/older/config.yml': file(`
cgparams:
- subsystem: memory
  name: memory.limit_in_bytes
  value:
  - 1073741824
devices: []
`),
  'group/bare/config.yml': file(`
cgparams:
devices:
attrs:
`),
  'ct/103.yml': file(`
user: old
group: "/older"
distribution: debian
version: '9.0'
arch:
net_interfaces:
cgparams:
- subsystem: memory
  name: memory.limit_in_bytes
  value:
  - 536870912
devices:
- type: char
  major: '10'
  minor: '229'
  mode: rwm
  name: "/dev/fuse"
  inherit: true
${limitsListed}mounts:
autostart:
  priority: 10
  delay:
ephemeral:
hostname:
dns_resolvers:
nesting:
seccomp_profile:
raw:
attrs:
`),
  'ct/104.yml': file(`
state:
user: old
group: "/bare"
distribution: debian
version: '9.0'
net_interfaces:
- type: routed
  name: eth0
  hwaddr:
  link:
  ip_addresses:
    4:
    - 192.0.2.20/32
    6: []
cgparams:
prlimits: []
mounts: []
nesting: false
`),
} as const

const files = (pool: string): Readonly<Record<string, string>> => ({
  ...olderFiles,
  'pool/config.yml': file(`
parallel_start: 3
parallel_stop: 5
attrs:
  org.vpsadminos:node: '7'
`),
  'pool/garbage-collector.yml': file(`
container_run_datasets: []
`),
  'id-range/default.yml': file(`
start_id: 1000000
block_size: 65536
block_count: 65520
allocations:
- index: 3
  count: 1
  owner: user:alice
- index: 9
  count: 2
  owner: 
attrs: {}
`),
  'user/alice.yml': file(`
uid_map:
- '0:1196608:65536'
gid_map:
- '0:1196608:65536'
standalone: true
attrs: {}
`),
  'group/config.yml': file(`
path: osctl/pool.${pool}
cgparams: []
devices:
- type: char
  major: '1'
  minor: '3'
  mode: rwm
  name: "/dev/null"
  inherit: true
  inherited: false
- type: char
  major: "*"
  minor: "*"
  mode: m
  name: 
  inherit: true
  inherited: false
attrs: {}
`),
  'group/default/config.yml': file(`
cgparams: []
devices: []
attrs: {}
`),
  'group/customers/gold/config.yml': file(`
cgparams:
- version: 2
  subsystem: memory
  name: memory.max
  value:
  - '1073741824'
  persistent: true
- version: 1
  subsystem: memory
  name: memory.limit_in_bytes
  value:
  - 1073741824
  persistent: true
devices: []
attrs: {}
`),
  'group/customers/config.yml': file(`
cgparams: []
devices: []
attrs: {}
`),
  'ct/101.yml': file(`
user: alice
group: "/customers/gold"
dataset: ${pool}/ct/101
distribution: alpine
version: '3.20'
arch: x86_64
net_interfaces: []
cgparams:
- version: 2
  subsystem: cpu
  name: cpu.max
  value:
  - 150000 100000
  persistent: true
devices:
- type: char
  major: '10'
  minor: '229'
  mode: rwm
  name: "/dev/fuse"
  inherit: true
  inherited: false
prlimits:
  nofile:
    soft: 1024
    hard: 4096
  memlock:
    soft: unlimited
    hard: unlimited
mounts:
- fs: 
  dataset: data
  mountpoint: "/data"
  type: bind
  opts: bind,create=dir,rw
  automount: false
  temporary: false
autostart:
  priority: 10
  delay: 5
ephemeral: false
hostname: web.example.org
dns_resolvers:
- 192.0.2.53
nesting: false
seccomp_profile: 
cpu_package: auto
init_cmd: 
start_menu:
  timeout: 5
impermanence: 
raw:
  lxc: ''
attrs:
  org.example:owner: alice
hints:
  cpu_daily:
    user_us: 1234567
    system_us: 7654321
something_new:
  nobody: knows # this
`),
  'ct/102.yml': file(`
user: alice
group: "/default"
dataset: ${pool}/ct/102
distribution: debian
version: 12
arch: x86_64
net_interfaces:
- type: routed
  name: eth0
  hwaddr: 
  tx_queues: 1
  rx_queues: 1
  max_tx: 0
  max_rx: 0
  ip_addresses:
    v4:
    - 192.0.2.10/32
    v6: []
  routes:
    v4:
    - address: 192.0.2.10/32
      via: 
    v6: []
- type: bridge
  name: eth1
  hwaddr: 00:16:3e:12:34:56
  tx_queues: 1
  rx_queues: 1
  max_tx: 0
  max_rx: 0
  ip_addresses:
    v4: []
    v6: []
  link: lxcbr0
  dhcp: true
  gateways:
    4: auto
    6: auto
cgparams: []
devices: []
prlimits: {}
mounts:
- fs: "/srv/shared"
  mountpoint: "/mnt/shared"
  type: bind
  opts: bind,create=dir,ro
  automount: true
  temporary: false
autostart: false
ephemeral: false
hostname: 
dns_resolvers: 
nesting: true
seccomp_profile: "/run/current-system/sw/etc/lxc/common.seccomp"
cpu_package: 2
init_cmd:
- "/sbin/init"
start_menu: 
impermanence: 
raw:
  lxc: 
attrs: {}
hints:
  cpu_daily:
    user_us: 0
    system_us: 0
send_log:
  role: source
  token: 0123456789012345678901234567890123456789
  state: base
  snapshots:
  - osctl-send-base-1700000000
  opts:
    ctid: '102'
    port: 22
    dst: 192.0.2.1
    cloned: false
    key_name: 
    snapshots: false
    from_snapshot: 
    preexisting_datasets: false
`),
})

/** What is below `conf/`, by its path there. */
export const originalFiles = (pool: string): readonly string[] => Object.keys(files(pool))

/**
 * Fills a zpool whose own dataset is mounted at `root`. All containers have a busybox, and one a dataset
 * below its own.
 */
export function fillAsOriginal(pool: string, root: string): void {
  for (const name of ['ct', 'conf', 'hook', 'log', 'repository', 'migration', 'trash'])
    zfs('create', `${pool}/${name}`)
  for (const id of ['101', '102', '103', '104', '101/data']) {
    const dataset = `${pool}/ct/${id}`
    zfs('create', '-o', 'canmount=noauto', dataset)
    zfs('mount', dataset)
    const at = join(root, 'ct', id)
    mkdirSync(join(at, 'private'), { mode: 0o755 })
    if (id !== '101/data') busyboxRoot(join(at, 'private'))
    chmodSync(at, 0o770)
  }
  execFileSync('chown', ['33:34', join(root, 'ct/101/private/root')])
  for (const id of ['101/data', '104', '103', '102', '101']) zfs('unmount', `${pool}/ct/${id}`)
  const directories = ['pool', 'ct', 'group', 'user', 'send-receive', 'repository', 'id-range']
  for (const name of directories) mkdirSync(join(root, 'conf', name), { mode: 0o500 })
  for (const name of ['pool', 'ct', 'ct/101']) mkdirSync(join(root, 'hook', name), { mode: 0o700 })
  mkdirSync(join(root, 'log/ct'), { mode: 0o700 })
  for (const [name, text] of Object.entries(files(pool))) {
    mkdirSync(dirname(join(root, 'conf', name)), { recursive: true, mode: 0o500 })
    writeFileSync(join(root, 'conf', name), text, { mode: 0o400 })
  }
  zfs('set', 'org.vpsadminos.osctl:active=yes', pool)
}
