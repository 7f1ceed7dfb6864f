// What containers are and are set to, by `osctl ct`: every command and option of that, against a daemon.
import { Cgroups } from '../../../../dist/cgroup/cgroups.js'
import { servedPlace } from '../../../helpers/daemon.js'
import { IMAGE, Osctl } from '../../../helpers/osctl.js'
import { requires } from '../../../helpers/requires.js'

const t = requires('root', 'userns', 'cgroup', 'liblxc', 'busybox')

const { socket } = await servedPlace(t)
const osctl = new Osctl(socket)

await t.test('made from an image', async (t) => {
  await osctl.ok(t, `ct new --pool tank --group /default ${IMAGE} web1`)
  await osctl.ok(t, 'user new shared')
  await osctl.ok(t, '-q ct new --user shared --distribution busybox tank:web2')
  await osctl.fails(t, 'ct new web3', /image/)
  await osctl.fails(
    t,
    'ct new --distribution nonsense web3',
    /image 'nonsense' not found: the pool has busybox/,
  )
  await osctl.fails(t, 'ct new --distribution busybox web1', /container 'tank:web1' already exists/)
})

await t.test('listed', async (t) => {
  await osctl.prints(
    t,
    'ct ls',
    'POOL  ID    USER    GROUP     DISTRIBUTION  VERSION  STATE    INIT_PID  MEMORY  CPU_US\n' +
      'tank  web1  web1    /default  busybox       1        stopped         -       -       -\n' +
      'tank  web2  shared  /default  busybox       1        stopped         -       -       -\n',
  )
  await osctl.prints(
    t,
    'ct ls -H -o id --pool tank -u shared,other -g /default -S stopped,running',
    'web2\n',
  )
  await osctl.prints(t, 'ct ls -H -o id -d busybox -v 1 -s id', 'web1\nweb2\n')
  await osctl.prints(t, 'ct ls -H -o id -S running', '')
  await osctl.prints(t, '--pool tank ct ls -H -o id web2', 'web2\n')
  await osctl.fails(t, 'ct ls -S nonsense', /state/)
  await osctl.fails(t, 'ct ls web9', /container 'web9' not found/)
  t.match((await osctl.ok(t, '-j ct ls -o id web1')).json, [
    { id: 'web1', pool: 'tank', state: 'stopped', lxc_dir: /\/lxc\/web1$/, autostart: false },
  ])
  const all = (await osctl.ok(t, 'ct ls -L')).stdout.split('\n')
  for (const name of ['boot_dataset', 'autostart_priority', 'cpu_user_hz', 'nproc', 'init_cmd']) {
    t.ok(all.includes(name), name)
  }
})

await t.test('shown', async (t) => {
  await osctl.prints(
    t,
    'ct show -o id,state,init_pid web1',
    '      ID:  web1\n   STATE:  stopped\nINIT_PID:  -\n',
  )
  await osctl.prints(t, 'ct show -H -o distribution web1', 'busybox\n')
  t.match((await osctl.ok(t, '-j ct show web1')).json, {
    id: 'web1',
    memory: null,
    log_file: /^\//,
  })
  t.match((await osctl.ok(t, 'ct show -L web1')).stdout, /^pool\nid\nuser\n/)
  t.match(
    (await osctl.ok(t, 'ct tree tank')).stdout,
    /^CONTAINER +STATE +MEMORY +CPU_US\n\/ .*\n└── default .*\n {4}├── web1 +stopped/,
  )
  await osctl.fails(t, 'ct tree nowhere', /pool 'nowhere' not found/)
  t.match(
    (await osctl.ok(t, 'ct assets -H -o type,state -s type web1')).stdout,
    /^directory +valid$/m,
  )
  t.match((await osctl.ok(t, 'ct assets -v -o state web1')).stdout, /^STATE: {2}valid\n/)
  t.match((await osctl.ok(t, 'ct assets -L web1')).stdout, /^type\npath\n/)
  const { stdout } = await osctl.ok(t, 'ct log path web1')
  t.match(stdout, /^\/.*\/log\/ct\/web1/)
})

const SETTINGS = [
  [
    'autostart',
    '-p 5 -d 3 --after web2 web1',
    'autostart,autostart_priority,autostart_delay,autostart_after',
    'true  5  3  web2',
    'false  -  -  -',
  ],
  ['autostart', '--requires web2 web1', 'autostart_requires', 'web2', '-'],
  ['hostname', 'web1 www.example.org', 'hostname', 'www.example.org', '-'],
  ['dns-resolver', 'web1 192.0.2.1 2001:db8::1', 'dns_resolvers', '192.0.2.1,2001:db8::1', '-'],
  ['nesting', 'web1', 'nesting', 'true', 'false'],
  ['ephemeral', 'web1', 'ephemeral', 'true', 'false'],
  [
    'seccomp',
    'web1 /usr/share/lxc/config/common.seccomp',
    'seccomp_profile',
    '/usr/share/lxc/config/common.seccomp',
    '-',
  ],
  ['init-cmd', 'web1 /bin/init --verbose', 'init_cmd', '/bin/init,--verbose', '-'],
  ['cpu-limit', '-p 100000 web1 50', 'cpu_limit', '50', '-'],
  ['cpu-limit', 'web1 150.123456', 'cpu_limit', '150.123', '-'],
  ['memory-limit', 'web1 256m 64m', 'memory_limit,swap_limit', '256M  64M', '-  -'],
  ['pids-limit', 'web1 100', 'pids_limit', '100', '-'],
] as const

await t.test('set, and taken back', async (t) => {
  for (const [name, words, columns, set, none] of SETTINGS) {
    await osctl.ok(t, `ct set ${name} ${words}`)
    await osctl.prints(t, `ct show -H -o ${columns} web1`, `${set.replaceAll('  ', '\n')}\n`)
    await osctl.ok(t, `ct unset ${name} web1`)
    await osctl.prints(t, `ct ls -H -o ${columns} web1`, `${none}\n`)
  }
  await osctl.ok(t, 'ct set raw lxc web1', 'lxc.environment = A=b\n')
  await osctl.prints(t, 'ct ls -H -o raw_lxc web1', String.raw`lxc.environment = A=b\n` + '\n')
  await osctl.ok(t, 'ct unset raw lxc web1')
  await osctl.fails(t, 'ct set raw lxc web1', /lxc\.hook/, 'lxc.hook.start = /bin/sh\n')
  await osctl.ok(t, ['ct', 'set', 'attr', 'web1', 'org.example:note', 'of the web team'])
  await osctl.prints(t, 'ct ls -H -o org.example:note web1', 'of the web team\n')
  await osctl.ok(t, 'ct unset attr web1 org.example:note')
  // As scripts cut them short.
  await osctl.ok(t, 'ct set memory web1 128m')
  await osctl.prints(t, '-p vps ls -H -o memory_limit web1', `${2 ** 27}\n`)
  await osctl.ok(t, 'ct unset memory web1')
  await osctl.fails(t, 'ct set cpu-limit -p 50000 web1 50', /--period can only be 100000/)
  await osctl.ok(t, 'ct set ephemeral web1')
  await osctl.prints(t, 'ct ls -H -o id --ephemeral', 'web1\n')
  await osctl.prints(t, 'ct ls -H -o id -e -S running', '')
  await osctl.prints(t, 'ct ls -H -o id -p web2', 'web2\n')
  await osctl.fails(t, 'ct ls -e -p', /--ephemeral or --persistent/)
  t.match((await osctl.ok(t, '-j ct ls -e')).json, [{ id: 'web1', ephemeral: true }])
  await osctl.ok(t, 'ct unset ephemeral web1')
  t.same((await osctl.ok(t, '-j ct ls -e')).json, [])
  await osctl.fails(t, 'ct set cpu web1 many', /PERCENT must be a number/)
  await osctl.fails(t, 'ct set hostname web1 -x', /options stand before arguments/)
})

await t.test('cgroup parameters', async (t) => {
  const v2 = Cgroups.mounted().layout === 'unified'
  const [version, parameter] = v2 ? ['2', 'memory.high'] : ['1', 'memory.soft_limit_in_bytes']
  await osctl.ok(t, `ct cgparams set -v ${version} web1 ${parameter} 67108864`)
  await osctl.ok(t, `ct cgparams set -a web1 ${parameter} 134217728`)
  await osctl.prints(
    t,
    `ct cgparams ls -H -o version,value -v all -S memory web1 ${parameter}`,
    `${version}  67108864,134217728\n`,
  )
  await osctl.ok(t, `ct cgparams unset -v ${version} web1 ${parameter}`)
  const parameters = [
    { version: Number(version), subsystem: 'memory', parameter, value: ['67108864'] },
  ]
  await osctl.ok(t, 'ct cgparams replace web1', JSON.stringify({ parameters }))
  t.match((await osctl.ok(t, '-j ct cgparams ls web1')).json, [{ parameter, value: ['67108864'] }])
  await osctl.prints(
    t,
    'ct cgparams ls -L web1',
    'version\nsubsystem\nparameter\nvalue\ngroup\nabs_path\n',
  )
  await osctl.ok(t, `group cgparams set /default ${parameter} 268435456`)
  await osctl.ok(t, `group cgparams set / ${parameter} 536870912`)
  await osctl.prints(
    t,
    'ct cgparams ls -a -o group,value web1',
    'GROUP     VALUE\n/         536870912\n/default  268435456\n-         67108864\n',
  )
  t.match((await osctl.ok(t, '-j ct cgparams ls --all -v all web1')).json, [
    { group: '/' },
    { group: '/default', parameter },
    { group: null, value: ['67108864'], abs_path: /ct\.web1\/memory\./ },
  ])
  await osctl.ok(t, `group cgparams unset / ${parameter}`)
  await osctl.ok(t, `group cgparams unset /default ${parameter}`)
  await osctl.ok(t, `ct cgparams unset web1 ${parameter}`)
  await osctl.prints(t, 'ct cgparams ls -H -a web1', '')
  await osctl.fails(t, 'ct cgparams unset web1 pids.max', /is what pidsLimit is for/)
})

await t.test('limits of processes', async (t) => {
  await osctl.prints(t, 'ct prlimits ls web1', 'NAME    SOFT  HARD\nnofile  1024  1048576\n')
  await osctl.ok(t, 'ct prlimits set web1 nproc 512 unlimited')
  await osctl.prints(t, 'ct prlimits ls -H -o hard web1 nproc', 'unlimited\n')
  await osctl.ok(t, 'ct prlimits unset web1 nproc')
  await osctl.prints(t, 'ct prlimits ls -H web1 nproc', '')
  await osctl.prints(t, 'ct prlimits ls -L web1', 'name\nsoft\nhard\n')
  await osctl.fails(t, 'ct prlimits set web1 nonsense 1', /nonsense/)
})

await t.test('its configuration as a whole', async (t) => {
  await osctl.ok(t, 'ct config replace web1', 'hostname: www.example.org\nnesting: true\n')
  await osctl.prints(
    t,
    'ct show -H -o hostname,nesting,user,distribution web1',
    'www.example.org\ntrue\nweb1\nbusybox\n',
  )
  await osctl.ok(t, 'ct set distribution web1 debian 12')
  await osctl.ok(t, '-j ct set distribution web1 busybox 1 x86_64')
  await osctl.prints(t, 'ct show -H -o distribution,version web1', 'busybox\n1\n')
  await osctl.ok(t, 'ct config reload web1')
  await osctl.fails(t, 'ct config replace web1', /config\.user: must stay "web1"/, 'user: web2\n')
  await osctl.fails(t, 'ct config replace web1', /config:2:11: nesting: /, 'a: 1\nnesting:  2\n')
  await osctl.fails(t, 'ct config replace web1', /config: says nothing/)
  await osctl.fails(t, 'ct set distribution web1 debian', /VERSION/)
  const whole =
    'distribution: busybox\nversion: "1"\nprlimits:\n  nofile: {soft: 1024, hard: 1048576}\n'
  await osctl.ok(t, '-j ct config replace web1', whole)
  await osctl.prints(t, 'ct show -H -o hostname,nesting web1', '-\nfalse\n')
  t.match((await osctl.ok(t, 'healthcheck -a')).stderr, 'No problems found\n')
})

await t.test('network interfaces', async (t) => {
  await osctl.ok(t, 'ct netif new bridge --link br9 --hwaddr 00:16:3e:12:34:56 web1 eth0')
  await osctl.prints(
    t,
    'ct netif ls',
    'POOL  CTID  NAME  TYPE    LINK  HWADDR\ntank  web1  eth0  bridge  br9   00:16:3e:12:34:56\n',
  )
  await osctl.prints(t, 'ct netif ls -H -o name -s name -l br9 -t bridge web1', 'eth0\n')
  await osctl.prints(t, 'ct netif ls -H -l br8', '')
  await osctl.prints(t, 'ct netif ls -L', 'pool\nctid\nname\ntype\nlink\nhwaddr\n')
  await osctl.fails(t, 'ct netif del web1 eth1', /no network interface 'eth1'/)
  await osctl.ok(t, 'ct netif del web1 eth0')
  await osctl.prints(t, 'ct netif ls -H', '')
  await osctl.fails(t, 'ct netif new bridge web1 eth0', /--link is missing/)
})

await t.test('datasets, which a pool in a directory has none of', async (t) => {
  await osctl.fails(t, 'ct dataset new --no-mount web1 data', /not possible here/)
  await osctl.fails(t, 'ct dataset set web1 / quota=1G atime=off sync=none', /not possible here/)
  await osctl.fails(t, 'ct dataset set web1 / quota', /'quota' is not NAME=VALUE/)
  await osctl.fails(t, 'ct dataset del -r -u web1 data', /not possible here/)
  await osctl.fails(t, 'ct dataset ls -H -o name web1 used', /not possible here/)
  await osctl.prints(
    t,
    'ct dataset ls -L web1',
    'name dataset used referenced available quota refquota reservation refreservation delegated filesystem_limit snapshot_limit '.replaceAll(
      ' ',
      '\n',
    ),
  )
  await osctl.prints(t, 'ct mounts ls -H -o mountpoint web1', '')
  await osctl.prints(t, 'ct mounts ls -L web1', 'dataset\nmountpoint\ntype\nopts\nautomount\n')
  await osctl.fails(t, 'ct mounts dataset --ro web1 data /srv', /not possible here/)
  await osctl.fails(t, 'ct mounts dataset --rw web1 data /srv', /not possible here/)
  await osctl.fails(t, 'ct mounts del web1 /srv', /srv/)
})

await t.test('copied, and called otherwise', async (t) => {
  await osctl.ok(t, 'group new /copies')
  await osctl.ok(
    t,
    'ct cp --no-consistent --no-network-interfaces --pool tank --user shared --group /copies web1 web3',
  )
  await osctl.prints(t, 'ct ls -H -o user,group web3', 'shared  /copies\n')
  await osctl.ok(t, 'ct mv web3 web4')
  await osctl.ok(t, 'ct mv --pool tank --user shared --group /default web4 web5')
  await osctl.prints(t, 'ct ls -H -o id,user,group web5', 'web5  shared  /default\n')
  await osctl.fails(t, 'ct mv web5 web1', /container 'tank:web1' already exists/)
  await osctl.ok(t, 'ct start web5')
  const pid = (await osctl.ok(t, 'ct show -H -o init_pid web5')).stdout
  for (const same of ['web5', 'web1'])
    await osctl.fails(t, `ct mv web5 ${same}`, new RegExp(`'tank:${same}' already exists`))
  await osctl.prints(t, 'ct show -H -o init_pid web5', pid)
  await osctl.fails(t, 'ct mv --user nobody-here web5 web6', /user 'tank:nobody-here' not found/)
  await osctl.prints(t, 'ct show -H -o state web5', 'running\n')
  await osctl.fails(t, 'ct reinstall web5', /needs it stopped\nstop it first: `osctl ct stop`/)
  await osctl.ok(t, 'ct set ephemeral web5')
  await osctl.fails(t, 'ct mv web5 web6', /web5' is deleted when it stops.*ct unset ephemeral/)
  await osctl.fails(t, 'ct bisect -a stop web5', /deleted when they stop: --exclude tank:web5,/)
  await osctl.ok(t, 'ct restart -k web5')
  await osctl.prints(t, 'ct ls -H -o state web5', 'running\n')
  await osctl.ok(t, 'ct unset ephemeral web5')
  await osctl.ok(t, 'ct stop -k web5')
  await osctl.fails(t, 'ct exec web5 true', /needs it running\nstart it first: `osctl ct start`/)
  await osctl.ok(t, `ct reinstall -r ${IMAGE} web5`)
  await osctl.fails(t, 'ct reinstall --version 99 --distribution busybox web5', /not found/)
  await osctl.ok(t, 'ct del web5')
  await osctl.fails(t, 'ct del web5', /container 'web5' not found\n`osctl ct ls`/)
  await osctl.ok(t, 'group del /copies')
})

await t.test('another user, another group', async (t) => {
  await osctl.ok(t, 'group new /moved')
  await osctl.prints(t, 'ct ls -H -o user,group web1', 'web1  /default\n')
  await osctl.ok(t, 'ct chown web1 shared')
  await osctl.ok(t, 'ct chgrp web1 /moved')
  await osctl.prints(t, 'ct ls -H -o user,group web1', 'shared  /moved\n')
  await osctl.fails(t, 'user show web1', /user 'web1' not found/)
  await osctl.fails(t, 'group del /moved', /web1/)
  await osctl.fails(t, 'ct chown web1 nobody', /user 'tank:nobody' not found/)
  await osctl.fails(t, 'ct chgrp web1 /none', /group 'tank:\/none' not found/)
  await osctl.ok(t, 'ct chgrp web1 /default')
  await osctl.ok(t, 'group del /moved')
})

await t.test('what was done stands in the history', async (t) => {
  const { stdout } = await osctl.ok(t, 'history tank')
  t.match(stdout, /^\d{4}-.*Z tank osctl ct mv web3 web4$/m)
  t.match((await osctl.ok(t, '-j history')).json, [{ pool: 'tank', cmd: /^\w+$/, opts: {} }])
})

await t.test('all of it was run', (t) =>
  osctl.allRun(
    t,
    ...'new ls show tree assets set unset config cgparams prlimits netif dataset mounts cp mv chown chgrp reinstall'
      .split(' ')
      .map((name) => `ct ${name}`),
    'ct log path',
    'history',
  ),
)
