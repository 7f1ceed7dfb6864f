// `osctl id-range`, `osctl user` and `osctl group`: every command and option of them, against a daemon.
import { Cgroups } from '../../../../dist/cgroup/cgroups.js'
import { servedPlace } from '../../../helpers/daemon.js'
import { Osctl } from '../../../helpers/osctl.js'
import { requires } from '../../../helpers/requires.js'

const t = requires('root', 'userns', 'cgroup', 'liblxc', 'busybox')

const { socket } = await servedPlace(t)
const osctl = new Osctl(socket)
const lines = (text: string) => `${text.replaceAll(' ', '\n')}\n`
const BLOCK_NAMES = lines('type block_index block_count owner first_id last_id id_count')
const RANGE_NAMES = lines('pool name start_id last_id block_size block_count allocated free')
const USER_NAMES = lines('pool name registered standalone uid_map gid_map containers conflict')
const ASSET_NAMES = lines('type path state purpose errors mend')

await t.test('a range of ids', async (t) => {
  await osctl.ok(t, 'id-range new --start-id 600000000 --block-size 65536 --block-count 4 spare')
  await osctl.prints(
    t,
    'id-range show -o pool,name,start_id,last_id,block_size,block_count,allocated,free spare',
    [
      '       POOL:  tank',
      '       NAME:  spare',
      '   START_ID:  600000000',
      '    LAST_ID:  600262143',
      ' BLOCK_SIZE:  65536',
      'BLOCK_COUNT:  4',
      '  ALLOCATED:  0',
      '       FREE:  4',
      '',
    ].join('\n'),
  )
  await osctl.prints(
    t,
    'id-range allocate --block-count 2 --block-index 1 --owner me spare',
    'BLOCK_INDEX:  1\nBLOCK_COUNT:  2\n      OWNER:  me\n',
  )
  await osctl.prints(t, 'id-range allocate -H -o block_index spare', '0\n')
  await osctl.prints(t, 'id-range allocate -L spare', BLOCK_NAMES)
  await osctl.prints(
    t,
    'id-range table ls -o type,block_index,block_count,owner,id_count spare',
    'TYPE       BLOCK_INDEX  BLOCK_COUNT  OWNER  ID_COUNT\n' +
      'allocated  0            1            -      65536\n' +
      'allocated  1            2            me     131072\n' +
      'free       3            1            -      65536\n',
  )
  await osctl.prints(t, 'id-range table ls -H -s owner -o first_id spare free', '600196608\n')
  await osctl.prints(t, 'id-range table ls -L spare', BLOCK_NAMES)
  await osctl.prints(
    t,
    'id-range table show -o owner,last_id spare 2',
    '  OWNER:  me\nLAST_ID:  600196607\n',
  )
  await osctl.prints(t, 'id-range table show -H -o type spare 3', 'free\n')
  await osctl.prints(t, 'id-range table show -L spare 3', BLOCK_NAMES)
  await osctl.fails(t, 'id-range table show spare 4', /there is no block 4/)
  await osctl.fails(t, 'id-range del spare', /in use|allocated/i)
  await osctl.fails(t, 'id-range free spare', /either --block-index or --owner/)
  await osctl.ok(t, 'id-range free --owner me spare')
  await osctl.ok(t, 'id-range free --block-index 0 spare')
  await osctl.ok(t, 'id-range set attr spare org.example:for tests')
  await osctl.prints(
    t,
    'id-range ls -H -o name,free,org.example:for -s name spare',
    'spare  4  tests\n',
  )
  await osctl.ok(t, 'id-range unset attr spare org.example:for')
  t.match((await osctl.ok(t, '-j id-range ls')).json, [
    { name: 'default' },
    { name: 'spare', free: 4 },
  ])
  await osctl.prints(t, 'id-range ls -L', RANGE_NAMES)
  await osctl.prints(t, 'id-range show -L spare', RANGE_NAMES)
  await osctl.prints(t, 'id-range show -H -o free spare', '4\n')
  await osctl.prints(t, 'id-range assets -H -o type,state spare', 'file  valid\n')
  await osctl.prints(t, 'id-range assets -v -o state -s path spare', 'STATE:  valid\n')
  await osctl.prints(t, 'id-range assets -L spare', ASSET_NAMES)
  await osctl.ok(t, 'id-range del spare')
  await osctl.fails(t, 'id-range show spare', /id-range 'spare' not found\n`osctl id-range ls`/)
  await osctl.fails(t, 'id-range new spare', /--start-id is missing/)
})

await t.test('users', async (t) => {
  await osctl.ok(
    t,
    'user new --pool tank --no-standalone --id-range default --id-range-block-index 50123 alice',
  )
  await osctl.ok(t, 'user new --map 0:700000000:65536 bob')
  await osctl.ok(t, 'user new --map-uid 0:701000000:65536 --map-gid 0:702000000:65536 carol')
  await osctl.prints(
    t,
    'user ls',
    'POOL  NAME   REGISTERED  STANDALONE\n' +
      'tank  alice  true        false\n' +
      'tank  bob    true        true\n' +
      'tank  carol  true        true\n',
  )
  await osctl.prints(
    t,
    'user ls -H -o name -s name --registered --pool tank',
    'alice\nbob\ncarol\n',
  )
  await osctl.prints(t, 'user ls -H --unregistered', '')
  await osctl.prints(t, '--pool tank user ls -H -o name bob tank:carol', 'bob\ncarol\n')
  await osctl.fails(t, 'user ls nobody', /'nobody' not found/)
  await osctl.prints(
    t,
    'user map carol',
    'TYPE  NS_ID  HOST_ID    COUNT\nuid   0      701000000  65536\ngid   0      702000000  65536\n',
  )
  await osctl.prints(t, 'user map -H -o host_id carol gid', '702000000\n')
  await osctl.prints(t, 'user map -L carol', 'type\nns_id\nhost_id\ncount\n')
  t.same((await osctl.ok(t, '-j user map bob uid')).json, [
    { type: 'uid', ns_id: 0, host_id: 700000000, count: 65536 },
  ])
  await osctl.ok(t, 'user set standalone alice')
  await osctl.prints(t, 'user show -H -o standalone alice', 'true\n')
  await osctl.ok(t, 'user unset standalone alice')
  await osctl.prints(
    t,
    'user show -o name,standalone,uid_map alice',
    /* block 50123 of 65536 ids from 1000000 on */ [
      '      NAME:  alice',
      'STANDALONE:  false',
      '   UID_MAP:  0:3285860928:65536',
      '',
    ].join('\n'),
  )
  await osctl.ok(t, ['user', 'set', 'attr', 'bob', 'org.example:full-name', 'Bob Builder'])
  await osctl.prints(t, 'user show -H -o org.example:full-name bob', 'Bob Builder\n')
  await osctl.ok(t, 'user unset attr bob org.example:full-name')
  t.match((await osctl.ok(t, '-j user show bob')).json, {
    name: 'bob',
    pool: 'tank',
    containers: [],
  })
  await osctl.prints(t, 'user ls -L', USER_NAMES)
  await osctl.prints(t, 'user show -L bob', USER_NAMES)
  await osctl.prints(t, 'user assets -H -o state -s path bob', 'valid\n')
  await osctl.prints(t, 'user assets -v -o type bob', 'TYPE:  file\n')
  await osctl.prints(t, 'user assets -L bob', ASSET_NAMES)
  for (const name of ['alice', 'bob', 'carol']) await osctl.ok(t, `user del ${name}`)
  await osctl.fails(t, 'user del bob', /user 'bob' not found\n`osctl user ls`/)
  await osctl.fails(t, 'user new --map 0:0:65536 mallory', /must not map to the host's root/)
})

await t.test('groups', async (t) => {
  const v2 = Cgroups.mounted().layout === 'unified'
  const parameter = v2 ? 'memory.high' : 'memory.soft_limit_in_bytes'
  const version = v2 ? 2 : 1
  const page = String(2 ** 26)
  await osctl.fails(t, 'group new /a/b', /\/a/)
  await osctl.ok(t, [
    'group',
    'new',
    '--pool',
    'tank',
    '-p',
    '--cgparam',
    `${parameter}=${page}`,
    '/a/b',
  ])
  t.match(
    (await osctl.ok(t, 'group ls --pool tank')).stdout,
    /^POOL {2}NAME +MEMORY +CPU_US\ntank {2}\/ /,
  )
  await osctl.prints(t, 'group ls -H -o name -s name', '/\n/a\n/a/b\n/default\n')
  await osctl.ok(t, 'group set memory-limit /a 256m 64m')
  await osctl.ok(t, 'group set cpu-limit -p 100000 /a 50')
  await osctl.prints(t, 'group ls -H -o memory_limit,swap_limit,cpu_limit /a', '256M  64M  50\n')
  await osctl.prints(t, '-p group show -H -o memory_limit /a', `${2 ** 28}\n`)
  await osctl.ok(t, 'group unset memory-limit /a')
  await osctl.ok(t, 'group unset cpu-limit /a')
  await osctl.prints(
    t,
    'group show -o memory_limit,cpu_limit /a',
    'MEMORY_LIMIT:  -\n   CPU_LIMIT:  -\n',
  )
  await osctl.prints(
    t,
    'group cgparams ls /a/b',
    `VERSION  PARAMETER${' '.repeat(parameter.length - 9)}  VALUE\n${version}        ${parameter}  ${page}\n`,
  )
  await osctl.ok(t, `group cgparams set -v ${version} /a/b ${parameter} 134217728`)
  await osctl.prints(
    t,
    `group cgparams ls -H -o value -v all -S memory /a/b ${parameter}`,
    '134217728\n',
  )
  await osctl.prints(t, 'group cgparams ls -H -S cpu /a/b', '')
  await osctl.ok(t, `group cgparams set -a /a/b ${parameter} 67108864`)
  await osctl.prints(t, 'group cgparams ls -H -o value /a/b', '134217728,67108864\n')
  await osctl.ok(t, `group cgparams set /a ${parameter} 268435456`)
  await osctl.prints(
    t,
    'group cgparams ls -H -a -o group,value /a/b',
    '/a    268435456\n/a/b  134217728,67108864\n',
  )
  await osctl.prints(t, 'group cgparams ls -H -o group /a/b', '/a/b\n')
  await osctl.ok(t, `group cgparams unset /a ${parameter}`)
  await osctl.ok(t, `group cgparams unset -v ${version} /a/b ${parameter}`)
  await osctl.prints(t, 'group cgparams ls -H /a/b', '')
  const given = { parameters: [{ version, subsystem: 'memory', parameter, value: [page] }] }
  await osctl.ok(t, 'group cgparams replace /a/b', JSON.stringify(given))
  await osctl.prints(t, 'group cgparams ls -H -o parameter /a/b', `${parameter}\n`)
  await osctl.fails(t, 'group cgparams replace /a/b', /must be \{"parameters":/, 'nonsense')
  await osctl.prints(
    t,
    'group cgparams ls -L /a',
    'version\nsubsystem\nparameter\nvalue\ngroup\nabs_path\n',
  )
  await osctl.ok(t, 'group set attr /a org.example:team web')
  await osctl.prints(t, 'group show -H -o org.example:team /a', 'web\n')
  await osctl.ok(t, 'group unset attr /a org.example:team')
  t.match((await osctl.ok(t, '-j group show /a')).json, {
    name: '/a',
    pool: 'tank',
    containers: [],
  })
  t.match(
    (await osctl.ok(t, 'group tree tank')).stdout,
    /^GROUP +MEMORY +CPU_US\n\/ .*\n├── a .*\n│ {3}└── b .*\n└── default /,
  )
  t.match((await osctl.ok(t, '-j group tree tank')).json, [
    { path: '/' },
    { path: '/a' },
    { path: '/a/b' },
  ])
  t.match((await osctl.ok(t, 'group ls -L')).stdout, /^pool\nname\npath\nfull_path\ncpu_limit\n/)
  t.match((await osctl.ok(t, 'group show -L /a')).stdout, /\nmemory\n.*\ncpu_us\n/s)
  t.match((await osctl.ok(t, 'group assets -H -o type,state -s type /a')).stdout, /^file +valid$/m)
  t.match((await osctl.ok(t, 'group assets -v -o state /a')).stdout, /^STATE: {2}valid\n/)
  await osctl.prints(t, 'group assets -L /a', ASSET_NAMES)
  await osctl.fails(t, 'group del /a', /\/a\/b|in use/i)
  await osctl.ok(t, 'group del /a/b')
  await osctl.ok(t, 'group del /a')
  await osctl.fails(t, 'group show /a', /group '\/a' not found\n`osctl group ls`/)
})

await t.test('all of it was run', (t) => osctl.allRun(t, 'id-range', 'user', 'group'))
