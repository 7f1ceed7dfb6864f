// `osctl pool`: every command and option of it, against a daemon.
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { servedPlace } from '../../../helpers/daemon.js'
import { Osctl } from '../../../helpers/osctl.js'
import { requires } from '../../../helpers/requires.js'

const t = requires('root', 'userns', 'cgroup', 'liblxc', 'busybox')

const place = await servedPlace(t)
const osctl = new Osctl(place.socket)
const path = join(dirname(place.socket), 'dozer')

await t.test('one is made in a directory, and shown', async (t) => {
  await osctl.ok(t, [
    'pool',
    'install',
    '--path',
    path,
    '--driver',
    'dir',
    '--clone-mode',
    'copy',
    'dozer',
  ])
  await osctl.prints(
    t,
    'pool ls dozer',
    'NAME   DATASET  STATE   USERS  GROUPS  CONTAINERS\ndozer  -        active  0      2       0\n',
  )
  await osctl.prints(t, 'pool ls -H -o name,driver -s name', 'dozer  dir\ntank   dir\n')
  await osctl.prints(
    t,
    ['pool', 'show', '-o', 'name,path', 'dozer'],
    `NAME:  dozer\nPATH:  ${path}\n`,
  )
  await osctl.prints(t, 'pool show -H -o clone_mode dozer', 'copy\n')
  // It is in no pool itself.
  await osctl.prints(t, '--pool tank pool show -H -o name dozer', 'dozer\n')
  t.match((await osctl.ok(t, '-j pool show dozer')).json, {
    name: 'dozer',
    driver: 'dir',
    path,
    groups: 2,
  })
  t.match((await osctl.ok(t, '-j pool ls')).json, [{ name: 'tank' }, { name: 'dozer' }])
  const names =
    'name dataset state users groups containers parallel_start parallel_stop driver path clone_mode lxc_path'
  await osctl.prints(t, 'pool ls -L', `${names.replaceAll(' ', '\n')}\n`)
  await osctl.prints(t, 'pool show -L dozer', `${names.replaceAll(' ', '\n')}\n`)
})

await t.test('settings and attributes', async (t) => {
  await osctl.ok(t, 'pool set parallel-start dozer 7')
  await osctl.ok(t, 'pool set parallel-stop dozer 9')
  await osctl.ok(t, '--pool tank pool set attr dozer org.example:rack 12b')
  await osctl.prints(
    t,
    'pool ls -H -o parallel_start,parallel_stop,org.example:rack dozer',
    '7  9  12b\n',
  )
  t.match((await osctl.ok(t, '-j pool show dozer')).json, { 'org.example:rack': '12b' })
  await osctl.ok(t, 'pool unset parallel-start dozer')
  await osctl.ok(t, 'pool unset parallel-stop dozer')
  await osctl.ok(t, 'pool unset attr dozer org.example:rack')
  await osctl.prints(
    t,
    'pool ls -H -o parallel_start,parallel_stop,org.example:rack dozer',
    '2  4  -\n',
  )
  await osctl.fails(t, 'pool set parallel-start dozer 0', /COUNT must be a number of at least 1/)
  await osctl.fails(t, 'pool set attr dozer nonsense x', /attribute/i)
})

await t.test('what starts by itself', async (t) => {
  await osctl.prints(t, 'pool autostart queue tank', 'ID  PRIORITY\n')
  await osctl.prints(t, 'pool autostart queue -H tank', '')
  t.same((await osctl.ok(t, '-j pool autostart queue -o id,state tank')).json, [])
  await osctl.prints(
    t,
    'pool autostart queue -L tank',
    'id\npriority\nstate\nwaits_for\nerror\nage_ms\n',
  )
  t.match((await osctl.ok(t, 'pool autostart trigger tank')).stderr, '0 started\n')
  t.match((await osctl.ok(t, 'pool autostart cancel tank')).stderr, '0 cancelled\n')
})

await t.test('the trash', async (t) => {
  t.match(
    (await osctl.ok(t, 'trash-bin prune')).stderr,
    'Pool tank: 0 destroyed, 0 left\nPool dozer: 0 destroyed, 0 left\n',
  )
  mkdirSync(join(path, 'trash/web9.0123456789ab/upper'), { recursive: true })
  t.match((await osctl.ok(t, '-j trash-bin prune dozer')).json, [
    { pool: 'dozer', destroyed: [join(path, 'trash/web9.0123456789ab')], left: [] },
  ])
  t.match((await osctl.ok(t, '--pool tank trash-bin prune')).stderr, /^Pool tank: 0/)
  await osctl.fails(t, 'trash-bin prune nowhere', /pool 'nowhere' not found/)
  await osctl.fails(t, 'trash-bin dataset add rpool/old', /'rpool\/old' is in no pool/)
  await osctl.fails(t, ['trash-bin', 'dataset', 'add', '-'], /must be like "tank\/sub"/)
})

await t.test('what it owns', async (t) => {
  const { stdout } = await osctl.ok(t, 'pool assets -H -o type,path,state -s path dozer')
  t.match(stdout, new RegExp(`^directory  ${path} +valid$`, 'm'))
  t.match(
    (await osctl.ok(t, 'pool assets -v dozer')).stdout,
    /^ +TYPE: {2}directory\n +PATH: {2}\//,
  )
  t.match((await osctl.ok(t, '-j pool assets dozer')).json, [{ state: 'valid', errors: [] }])
  await osctl.prints(t, 'pool assets -L dozer', 'type\npath\nstate\npurpose\nerrors\nmend\n')
})

await t.test('let go of, and taken into use again', async (t) => {
  await osctl.ok(t, 'pool export -t 10 -m bye --no-unregister-users dozer')
  await osctl.fails(t, 'pool export dozer', /pool 'dozer' not found\n.*`osctl pool ls` lists/s)
  await osctl.ok(t, 'pool export --if-imported dozer')
  await osctl.fails(t, 'pool export -f -t soon tank', /--timeout must be a number/)
  await osctl.fails(t, 'pool export --abort dozer', /operation 'export-dozer' not found/)
  await osctl.ok(t, ['pool', 'import', '--path', path, '--no-autostart', 'dozer'])
  await osctl.ok(t, 'pool export dozer')
  await osctl.ok(t, 'pool export tank')
  t.match((await osctl.ok(t, 'pool import -a')).stderr, 'Importing pool tank\n')
  await osctl.ok(t, 'pool export tank')
  await osctl.ok(t, 'pool import tank')
  await osctl.fails(t, 'pool import tank', /pool 'tank' already exists/)
  await osctl.fails(t, 'pool import', /say which pool, or --all/)
})

await t.test('containers whose files cannot be used', async (t) => {
  const files = [1, 2, 3, 4, 5, 6].map((number) => join(path, `conf/ct/bad${number}.yml`))
  for (const file of files) writeFileSync(file, 'user: [x\n')
  await osctl.ok(t, ['pool', 'import', '--path', path, 'dozer'])
  const { stdout, stderr } = await osctl.ok(t, 'ct ls -H -o id')
  t.equal(stdout, '')
  t.match(stderr, /^container 'dozer:bad1' cannot be listed: \S+bad1\.yml:\d+:\d+: /)
  t.match(stderr, /'dozer:bad5' .*\n… and 1 more: `osctl healthcheck` has them all\n$/)
  t.match((await osctl.ok(t, 'ct ls -H --pool dozer')).stderr, /^container 'dozer:bad1' /)
  for (const line of ['ct ls -H --pool tank', '--pool tank ct ls -H', '-q ct ls -H'])
    t.match(await osctl.ok(t, line), { stdout: '', stderr: '' }, line)
  const { json, stderr: told } = await osctl.ok(t, '-j ct ls')
  t.same({ json, told }, { json: [], told: '' })
  await osctl.fails(t, 'ct ls dozer:bad1', /bad1\.yml is broken: /)
  await osctl.ok(t, 'pool export dozer')
  for (const file of files) rmSync(file)
})

await t.test('with what runs in it', async (t) => {
  await osctl.ok(t, 'ct new --distribution busybox web1')
  await osctl.ok(t, 'ct start web1')
  await osctl.fails(t, 'pool export tank', /stop its containers first: web1/)
  await osctl.fails(
    t,
    'pool export -f --no-stop-containers tank',
    /stop its containers first: web1/,
  )
  await osctl.ok(t, 'ct new --distribution busybox web2')
  await osctl.ok(t, 'ct set autostart --requires nobody web2')
  t.match(await osctl.run('pool autostart trigger tank'), {
    code: 1,
    stderr: /^0 started\nerror: web2: .*it requires 'nobody', which does not exist\n$/,
  })
  await osctl.ok(t, 'ct del web2')
  await osctl.ok(t, 'pool export -f tank')
  await osctl.ok(t, 'pool import tank')
  await osctl.prints(t, 'ct ls -H -o id,state', 'web1  stopped\n')
  const none = join(dirname(place.socket), 'none')
  mkdirSync(none, { mode: 0o700 })
  const isNone = /is not a pool: it has no \S+; osctl pool install makes one\n$/
  await osctl.fails(t, ['pool', 'import', '--path', none, 'none'], isNone)
})

await t.test('on ZFS', async (t) => {
  await osctl.fails(t, 'pool import --dataset nothing/here elsewhere', /nothing\/here|zfs/i)
  for (const [options, says] of [
    ['--driver zfs --path /nowhere', /--path is for a pool in a directory/],
    ['--clone-mode copy', /--clone-mode is for a pool in a directory/],
    ['--path /nowhere --dataset tank', /--dataset is for a pool on ZFS/],
  ] as const) {
    await osctl.fails(t, `pool install ${options} elsewhere`, says)
  }
  const { stderr } = await osctl.fails(t, 'pool install elsewhere', /elsewhere|zfs/i)
  if (!existsSync('/dev/zfs')) t.match(stderr, /`--path DIRECTORY`/)
  await osctl.fails(t, 'pool install --dataset nothing/here elsewhere', /nothing\/here|zfs/i)
  await osctl.fails(t, 'pool uninstall --dataset nothing/here elsewhere', /nothing\/here|zfs/i)
})

await t.test('all of it was run', (t) => osctl.allRun(t, 'pool', 'trash-bin'))
