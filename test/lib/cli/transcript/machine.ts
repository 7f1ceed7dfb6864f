// What is about the whole machine, by `osctl`: every command and option of that, with a daemon and without.
import { execFile } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Cgroups } from '../../../../dist/cgroup/cgroups.js'
import { servedPlace } from '../../../helpers/daemon.js'
import { until } from '../../../helpers/keeper-host.js'
import { Osctl, PROGRAM } from '../../../helpers/osctl.js'
import { requires } from '../../../helpers/requires.js'

const execute = promisify(execFile)
const t = requires('root', 'userns', 'cgroup', 'liblxc', 'busybox')

const place = await servedPlace(t)
const osctl = new Osctl(place.socket)
const dir = mkdtempSync(join(tmpdir(), 'osctl-machine-'))
t.teardown(() => rmSync(dir, { recursive: true }))

await t.test('whether it answers', async (t) => {
  await osctl.prints(t, 'ping', 'pong\n')
  await osctl.prints(t, 'ping 0', 'pong\n')
  const nobody = new Osctl(join(dir, 'nobody'))
  t.match(await nobody.run('ping'), {
    code: 2,
    stderr: /osctld does not answer at .*nobody \(ENOENT\)/,
  })
  t.match(await nobody.run('ping 0.3'), { code: 2 })
  t.match(await nobody.run('ct ls'), { code: 1, stderr: /systemctl status osctld/ })
  const other = createServer((socket) => socket.end('220 mail.example.org\r\n')).listen(
    join(dir, 'other'),
  )
  t.teardown(() => other.close())
  t.match(await new Osctl(join(dir, 'other')).run('ping'), { code: 3 })
  const silent = createServer(() => undefined).listen(join(dir, 'silent'))
  t.teardown(() => silent.close())
  const waiting = new Osctl(join(dir, 'silent')).running(['ping', '1.0001'])
  await waiting.until(t, /^error: osctld does not answer as it should/)
  t.equal(await waiting.ended, 3)
  await osctl.prints(t, ['--socket', place.socket, 'ping'], 'pong\n')
})

await t.test('what is wrong with a command line', async (t) => {
  await osctl.fails(t, 'nonsense', /there is no command 'nonsense'\n`osctl --help`/)
  await osctl.fails(t, 'ct l', /'ct l' may be ls, log\n`osctl ct --help`/)
  await osctl.fails(t, 'ct', /which command\?\n`osctl ct --help`/)
  await osctl.fails(t, 'ct -j ls', /options of all commands stand first: -j/)
  await osctl.fails(t, '--nonsense ct ls', /unknown option --nonsense/)
  await osctl.fails(t, 'ct ls --nonsense', /unknown option --nonsense\n`osctl ct ls --help`/)
  await osctl.fails(t, 'ct lst', /no command 'ct lst'\nwas 'ct ls' meant\?\n`osctl ct --help`/)
  await osctl.fails(t, 'ct ls --ouput id', /unknown option --ouput\nwas '--output' meant\?/)
  await osctl.fails(t, 'ct ls -j', /-j is an option of all commands: it stands before/)
  const waits = /vpsAdminOS has it; here it waits for: device management\n/
  await osctl.fails(t, 'ct devices ls web1', waits)
  await osctl.fails(t, 'ct chgrp --missing-devices check web1 /a', waits)
  await osctl.fails(t, 'user reg all', /here it is not needed: there are no system users/)
  t.match(await osctl.ok(t, '--pool nope ct ls -H'), {
    stdout: '',
    stderr: "pool 'nope' is not imported\n",
  })
  for (const what of ['ct', 'user', 'group'])
    t.match(await osctl.ok(t, `${what} ls -H --pool nope`), { stderr: /'nope' is not/ })
  t.match(await osctl.ok(t, '--pool nope id-range ls -H'), { stderr: /'nope' is not/ })
  await osctl.fails(t, '--wait-lock soon ct ls', /--wait-lock must be a number/)
  await osctl.fails(t, [], /which command\?/)
})

await t.test('help, and the version', async (t) => {
  t.match((await osctl.ok(t, '--version')).stdout, /^osctl \d+\.\d+\.\d+\n$/)
  t.match(
    (await osctl.ok(t, '--help')).stdout,
    /^osctl \[options\] COMMAND …\n[^]*\n {2}ct, vps +containers\n[^]*--wait-lock SECONDS/,
  )
  t.match((await osctl.ok(t, 'ct -h')).stdout, /\n {2}ls, list +list containers\n/)
  t.match(
    (await osctl.ok(t, 'ct ls --help')).stdout,
    /^osctl ct ls \[options\] \[IDS\.\.\.\]\n\nList containers\.\n[^]*-o, --output COLUMNS/,
  )
  t.match((await osctl.ok(t, '-h pool import')).stdout, /^osctl \[options\] COMMAND/)
})

await t.test('images', async (t) => {
  const archive = join(dir, 'rootfs')
  mkdirSync(join(archive, 'sbin'), { recursive: true })
  writeFileSync(join(archive, 'sbin/init'), '#!/bin/sh\n', { mode: 0o755 })
  const { stdout } = await osctl.ok(t, [
    'image',
    'import',
    '--pool',
    'tank',
    ...'--distribution tiny --version 9 --arch x86_64 --vendor me --variant small'.split(' '),
    archive,
  ])
  const id = stdout.trim()
  await osctl.prints(
    t,
    'image ls -H -o distribution,version,vendor,variant,arch -s distribution --pool tank',
    'busybox  1  default  default  x86_64\ntiny     9  me       small    x86_64\n',
  )
  t.match((await osctl.ok(t, '-j image ls')).json, [{ id, distribution: 'tiny', size: Number }])
  t.match((await osctl.ok(t, 'image ls -L')).stdout, /^id\nsource\nvendor\n/)
  await osctl.ok(t, `image del --pool tank ${id}`)
  await osctl.fails(t, `image del ${id}`, /not found[^]*`osctl image ls` lists/)
  await osctl.fails(
    t,
    [
      'image',
      'import',
      ...`--digest ${'0'.repeat(64)} --distribution a --version 1 ${archive}`.split(' '),
    ],
    /has SHA-256 .*, expected 0000/,
  )
  await osctl.fails(t, 'image import --version 1 x', /--distribution is missing/)
})

await t.test('what it owns, and whether that is well', async (t) => {
  t.match((await osctl.ok(t, 'assets')).stdout, /^TYPE +PATH +STATE +PURPOSE\n/)
  t.match((await osctl.ok(t, 'assets -v -o state')).stdout, /^STATE: {2}valid\n/)
  t.match((await osctl.ok(t, 'assets -H -o type,state -s type')).stdout, /valid\n/)
  await osctl.prints(t, 'assets -L', 'type\npath\nstate\npurpose\nerrors\nmend\n')
  t.match((await osctl.ok(t, 'healthcheck -a')).stderr, 'No problems found\n')
  await osctl.ok(t, 'healthcheck tank')
  t.same((await osctl.ok(t, '-j healthcheck')).json, [])
  await osctl.prints(t, 'healthcheck -L', 'of\ntype\nwhat\nerror\nmend\n')
  await osctl.fails(t, 'healthcheck nowhere', /pool 'nowhere' not found/)
  await osctl.ok(t, 'ct new --distribution busybox web1')
  const { path } =
    ((await osctl.ok(t, '-j pool ls')).json as { path: string }[])[0] ?? (t.fail() as never)
  chmodSync(join(path, 'conf'), 0o777)
  const ill = await osctl.run('healthcheck -H -o error,mend -s error -a')
  t.match(ill, { code: 1, stdout: /its mode is 0777, at most 0500 +chmod 0500 \S+conf\n/ })
  chmodSync(join(path, 'conf'), 0o500)
})

await t.test('what it does just now', async (t) => {
  await osctl.prints(t, 'debug locks ls -H', '')
  await osctl.ok(t, 'ct start web1')
  const pid = Number((await osctl.ok(t, 'ct ls -H -o init_pid web1')).stdout)
  // Its init cannot shut down.
  process.kill(pid, 'SIGSTOP')
  const stopping = osctl.lines('ct stop -t 3600 web1')
  await until(async () => (await osctl.run('debug locks ls -H')).stdout !== '')
  await osctl.prints(
    t,
    'debug locks ls -o resource,holder,label -s resource',
    'RESOURCE             HOLDER                       LABEL\n' +
      'container tank:web1  stop                         osctl ct stop -t 3600 web1\n' +
      'pool tank            stop of container tank:web1  osctl ct stop -t 3600 web1\n',
  )
  t.match((await osctl.ok(t, 'debug locks ls -v')).stdout, /^RESOURCE .* WAITERS\n/)
  t.match(
    (await osctl.ok(t, 'debug locks show -o resource,holder,waiters container tank:web1')).stdout,
    /^RESOURCE: {2}container tank:web1\n *HOLDER: {2}stop\n *WAITERS: {2}-\n$/,
  )
  t.match((await osctl.ok(t, '-j debug locks show container tank:web1')).json, { pid: Number })
  t.match((await osctl.ok(t, 'debug locks show -H -o mode pool tank')).stdout, 'shared\n')
  await osctl.prints(
    t,
    'debug locks show -L x',
    'resource\nholder\nlabel\nmode\nage_ms\npid\nwaiters\n',
  )
  await osctl.fails(t, 'debug locks show pool nowhere', /nobody holds pool nowhere/)
  t.match((await osctl.ok(t, 'debug locks ls -L')).stdout, /^resource\nholder\n/)
  const busy = /busy: stop \(osctl ct stop -t 3600 web1\).*\n`osctl debug locks ls` shows/
  await osctl.fails(t, 'ct freeze web1', busy)
  const began = Date.now()
  await osctl.fails(t, '--wait-lock 0.5 ct freeze web1', busy)
  t.ok(Date.now() - began >= 500, 'it has waited')
  const waiting = osctl.lines('--wait-lock infinity ct freeze web1')
  const list = await osctl.ok(t, 'debug operations ls -H -o id,call,command -s call')
  t.match(list.stdout, /^\d+ +container.stop +osctl ct stop -t 3600 web1$/m)
  t.match((await osctl.ok(t, 'debug operations ls -L')).stdout, /^id\ncall\n/)
  const [id = ''] = /^\d+(?= +container.stop)/m.exec(list.stdout) ?? []
  await osctl.ok(t, `debug operations cancel ${id}`)
  await stopping.until(t, /error: .*cancelled/)
  t.equal(await stopping.ended, 1)
  // It was its turn then.
  t.equal(await waiting.ended, 0)
  process.kill(pid, 'SIGCONT')
  await osctl.ok(t, 'ct thaw web1')
  await osctl.fails(t, 'debug operations cancel nonsense', /operation 'nonsense' not found/)
})

await t.test('what was left over', async (t) => {
  t.match(await osctl.ok(t, 'recover'), { stdout: '', stderr: '' })
  t.same((await osctl.ok(t, '-j recover')).json, { removed: [], left: [], unseen: [] })
  await using cgroups = Cgroups.mounted()
  await cgroups.dir(`${place.cgroupRoot}/pool.tank/group.default/user.gone/ct.gone`).create()
  const found = await osctl.run('healthcheck -H -o error,mend')
  t.match(found, { code: 1, stdout: /^left over: .* osctl recover\n/ })
  t.match((await osctl.ok(t, 'recover')).stderr, /^Removed: cgroup \/.*ct\.gone$/m)
  await osctl.ok(t, 'healthcheck')
})

await t.test('what cannot be written', async (t) => {
  const full = `OSCTLD_SOCKET=${place.socket} ${process.execPath} ${PROGRAM} ct ls > /dev/full`
  await t.rejects(execute('sh', ['-c', full]), {
    code: 1,
    stderr: /^error: cannot write what there is to say: ENOSPC.*\n$/,
  })
})

await t.test('scripts in JavaScript', async (t) => {
  const script = join(dir, 'script.mjs')
  writeFileSync(
    script,
    'export default async (daemon, ...words) => {\n' +
      '  const { pong } = await daemon.ask("GET /ping")\n' +
      '  console.log(pong, ...words)\n' +
      '  return 4\n}\n',
  )
  t.match(await osctl.run(['script', script, 'a', '-b']), { code: 4, stdout: 'true a -b\n' })
  writeFileSync(script, 'export const x = 1\n')
  await osctl.fails(t, ['script', script], /has no default export that is a function/)
})

await t.test('completion', async (t) => {
  const script = join(dir, 'completion')
  writeFileSync(script, (await osctl.ok(t, 'gen-completion bash')).stdout)
  // What is typed, with what is asked of the daemon answered by a function.
  const completed = async (typed: string, listed = '') => {
    const words = typed.split(' ').map((word) => `'${word}'`)
    const { stdout } = await execute('bash', [
      '-c',
      `osctl() { echo "${listed}"; echo "asked: $*" >&2; }\n. ${script}\n` +
        `COMP_WORDS=(osctl ${words.join(' ')}) COMP_CWORD=${words.length}\n_osctl; echo "\${COMPREPLY[@]}"`,
    ])
    return stdout.trim()
  }
  t.equal(await completed('ct st'), 'start stop')
  t.equal(await completed('-j vps set ho'), 'hostname')
  t.equal(await completed('ct start --qu'), '--queue')
  t.equal(await completed('ct start we', 'web1 web2 db1'), 'web1 web2')
  t.equal(await completed('user show al', 'alice bob'), 'alice')
  t.equal(await completed('--wait'), '--wait-lock')
  t.match((await osctl.ok(t, 'gen-completion zsh')).stdout, /^#compdef osctl\n/)
  await osctl.fails(t, 'gen-completion fish', /bash or zsh/)
})

await t.test('all of it was run', (t) =>
  osctl.allRun(
    t,
    'ping',
    'image',
    'assets',
    'healthcheck',
    'recover',
    'debug',
    'script',
    'gen-completion',
  ),
)
