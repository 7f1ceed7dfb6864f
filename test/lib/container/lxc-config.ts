import { readFile, writeFile } from 'node:fs/promises'
import t from 'tap'
import { MASKED, renderLxcConfig, type LxcConfigInput } from '../../../dist/container/lxc-config.js'

const idMap = [{ nsId: 0, hostId: 1000000, count: 65536 }]

const busybox: LxcConfigInput = {
  hostname: 'web1',
  arch: 'x86_64',
  rootfs: '/run/osctl/rootfs/tank/web1',
  uidMap: idMap,
  gidMap: idMap,
  init: 'busybox',
  initCmd: ['/sbin/init'],
  programRun: false,
  cgroup: {
    container: 'osctl/pool.tank/group.default/user.web1/ct.web1',
    monitor: 'osctl/pool.tank/group.default/user.web1/monitor.web1',
    pivot: 'osctl/pivot',
  },
  cgroupVersion: 1,
  cgparams: [
    { version: 1, subsystem: 'memory', name: 'memory.limit_in_bytes', value: ['1024'] },
    { version: 2, subsystem: 'memory', name: 'memory.max', value: ['1024'] },
  ],
  prlimits: { nofile: { soft: 1024, hard: 'unlimited' } },
  seccompProfile: '/usr/lib/vpsadminos/common.seccomp',
  apparmorProfile: null,
  masked: MASKED,
  netif: null,
  mounts: [],
  devices: [],
  nesting: false,
  logFile: '/tank/log/ct/web1.log',
  consoleLog: '/tank/log/ct/web1.console',
  notifySocket: null,
  rawLxc: '',
}

// GOLDEN=write renders the files anew; read the difference before committing it.
const golden = async (name: string, rendered?: string) => {
  const file = new URL(`golden/${name}.conf`, import.meta.url)
  if (process.env['GOLDEN'] === 'write' && rendered !== undefined) await writeFile(file, rendered)
  return readFile(file, 'utf8')
}

t.test('busybox on a hybrid host', async (t) => {
  const config = renderLxcConfig(busybox)
  t.equal(config, await golden('busybox-hybrid', config))
})

t.test('systemd on a unified host, with everything', async (t) => {
  const config = renderLxcConfig({
    ...busybox,
    init: 'systemd',
    initCmd: ['/sbin/init', '--log-level=debug'],
    cgroupVersion: 2,
    apparmorProfile: 'lxc-container-default-cgns',
    masked: MASKED,
    netif: { link: 'lxcbr0', name: 'eth0', hwaddr: '00:16:3e:00:00:01', pair: 'veth0123456789' },
    mounts: [{ source: '/run/osctl/rootfs/tank/web1.mounts/0', at: '/srv/my #\n\\data' }],
    devices: [{ path: '/dev/zfs', rule: 'c 10:249 rw' }],
    nesting: true,
    notifySocket: '/run/osctl/notify/tank/web1',
    rawLxc: '\nlxc.environment = A=b\n\n',
  })
  t.equal(config, await golden('systemd-unified', config))
})

t.test('how many cgroups it may have, where somebody says otherwise', async (t) => {
  const line = 'lxc.cgroup2.cgroup.max.descendants'
  const config = renderLxcConfig({ ...busybox, cgroupVersion: 2, rawLxc: `${line} = 20000` })
  const values = [...config.matchAll(/^lxc\.cgroup2\.cgroup\.max\.descendants = (\d+)$/gm)]
  t.same(
    values.map(([, value]) => value),
    ['4096', '20000'],
    'liblxc writes one after the other',
  )
  t.notMatch(renderLxcConfig(busybox), 'cgroup.max')
})

t.test('nothing in a configuration makes liblxc run a program or read another file', async (t) => {
  for (const name of ['busybox-hybrid', 'systemd-unified']) {
    t.notMatch(await golden(name), /lxc\.(hook|include|net\.\d+\.script|mount\.fstab)/)
  }
})
