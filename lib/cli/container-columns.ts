// The columns of `ct ls` and `ct show`.

import { bytes } from './humanize.js'
import { plain, type Column, type Thing } from './listing.js'
import { statistics } from './statistics.js'

interface Autostart {
  readonly priority: number
  readonly delay: number
  readonly after: readonly string[]
  readonly requires: readonly string[]
}

function autostart(name: string, of: (autostart: Autostart) => unknown): Column {
  return {
    name,
    needs: ['autostart'],
    of: ({ autostart: it }: Thing) =>
      it === null || it === undefined ? null : of(it as Autostart),
  }
}

/** What it runs from just now. */
function booted(name: string, field: string): Column {
  return {
    name,
    needs: ['booted', field],
    of: (thing) => (thing.booted as Thing | null)?.[field] ?? thing[field],
  }
}

export const CONTAINER_COLUMNS: readonly Column[] = [
  ...plain('pool', 'id', 'user', 'group', 'dataset', 'rootfs'),
  booted('boot_dataset', 'dataset'),
  { name: 'boot_rootfs', of: 'rootfs' },
  ...plain('lxcPath'),
  {
    name: 'lxc_dir',
    needs: ['lxcPath', 'id'],
    of: ({ lxcPath, id }) => `${String(lxcPath)}/${String(id)}`,
  },
  { name: 'group_path', of: 'cgroup' },
  ...plain('distribution', 'version', 'arch', 'state'),
  { name: 'init_pid', of: 'initPid', right: true },
  { name: 'cpu_limit', of: 'cpuLimit', right: true },
  { name: 'memory_limit', of: 'memoryLimit', shown: bytes, right: true },
  { name: 'swap_limit', of: 'swapLimit', shown: bytes, right: true },
  { name: 'pids_limit', of: 'pidsLimit', right: true },
  { name: 'autostart', of: ({ autostart: it }) => it !== null, needs: ['autostart'] },
  autostart('autostart_priority', ({ priority }) => priority),
  autostart('autostart_delay', ({ delay }) => delay),
  autostart('autostart_after', ({ after }) => after),
  autostart('autostart_requires', ({ requires }) => requires),
  ...plain(
    'ephemeral',
    'hostname',
    'dnsResolvers',
    'nesting',
    'seccompProfile',
    'initCmd',
    'rawLxc',
  ),
  ...plain('ready', 'pending', 'image', 'logFile', 'consoleLog'),
  ...statistics,
]

export const USUAL_CONTAINER_COLUMNS = [
  'pool',
  'id',
  'user',
  'group',
  'distribution',
  'version',
  'state',
  'init_pid',
  'memory',
  'cpu_us',
]
