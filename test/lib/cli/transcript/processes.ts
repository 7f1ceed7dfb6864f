// Processes of containers, by `osctl ct`: every command and option of that, against a daemon.
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { servedPlace } from '../../../helpers/daemon.js'
import { until } from '../../../helpers/keeper-host.js'
import { Osctl } from '../../../helpers/osctl.js'
import { requires } from '../../../helpers/requires.js'

const t = requires('root', 'userns', 'cgroup', 'liblxc', 'busybox')

const { socket } = await servedPlace(t)
const osctl = new Osctl(socket)
const names = ['web1', 'web2', 'web3', 'db1']

await t.test('some that run', async (t) => {
  for (const name of names) {
    await osctl.ok(t, `ct new --distribution busybox ${name}`)
    await osctl.ok(t, `ct start ${name}`)
  }
})

await t.test('the processes of one', async (t) => {
  const { stdout } = await osctl.ok(t, 'ct ps web1')
  t.match(
    stdout,
    /^ *PID +CTPID +CTEUID +VMSIZE +RSS +STATE +START +TIME +COMMAND\n *\d+ +1 +0 +[\d.]+[KMG] +[\d.]+[KMG] +[SR] +\d\d:\d\d +[\d.]+s +\S*init/,
  )
  t.match((await osctl.ok(t, '-j ct ps -p ctpid=1 tank:web1')).json, [
    {
      pool: 'tank',
      ctid: 'web1',
      pid: Number,
      ctpid: 1,
      ruid: Number,
      ctruid: 0,
      cteuid: 0,
      ctrgid: 0,
      ctegid: 0,
      vmsize: Number,
      rss: Number,
      state: String,
      start: Number,
      time: Number,
      command: /init/,
      name: 'init',
    },
  ])
  await osctl.prints(t, 'ct ps -H -o ctid,ctpid,name -p ctpid=1 web1', 'web1  1  init\n')
  await osctl.fails(t, 'ct ps none', /container 'none' not found/)
  await osctl.fails(t, 'ct ps -o nonsense web1', /there is no column 'nonsense'/)
  t.match((await osctl.ok(t, 'ct ps -L')).stdout, /^pool\nctid\npid\nctpid\n[^]*command\nname\n$/)
})

await t.test('of several, of all, and of the host', async (t) => {
  const two = await osctl.ok(t, 'ct ps -p ctpid=1 -s ctid web2 web1')
  t.match(two.stdout, /^CTID +PID [^]*\nweb1 .*\nweb2 .*\n$/)
  const all = (await osctl.ok(t, 'ct ps')).stdout
  t.match(all, /^CTID +PID /)
  t.match(all, /^\[host\] +2 +- +.*\[kthreadd\]$/m)
  t.match(all, /^db1 +\d+ +1 +0 /m)
  const host = (await osctl.ok(t, `ct ps -o ctid,pool,pid,euid,cteuid -p pid=${process.pid} -`))
    .stdout
  t.match(host, new RegExp(`^\\[host\\] +- +${process.pid} +0 +0$`, 'm'))
  t.notMatch((await osctl.ok(t, '--pool tank ct ps -o ctid')).stdout, /host/)
  await osctl.fails(t, '--pool none ct ps web1', /not found/)
})

await t.test('those for which something holds', async (t) => {
  const sleeper = osctl.lines('ct exec web1 sleep 4242')
  await until(async () => /4242/.test((await osctl.run('ct ps web1')).stdout))
  const counted = async (t: Parameters<typeof osctl.ok>[0], ...filters: string[]) => {
    const words = filters.flatMap((filter) => ['-p', filter])
    const { stdout } = await osctl.ok(t, ['ct', 'ps', '-H', '-o', 'pid', ...words, 'web1'])
    return stdout.split('\n').length - 1
  }
  t.equal(await counted(t, 'command=sleep 4242'), 1)
  t.equal(await counted(t, 'command=~^sl..p \\d+$'), 1)
  t.equal(await counted(t, 'command=~4242', 'name!~sleep'), 0)
  t.equal(await counted(t, 'name!=sleep', 'command=~sleep'), 0)
  t.equal(await counted(t, 'name=sleep', 'rss>0', 'rss<=1g', 'vmsize>=1k', 'time<60'), 1)
  t.equal(await counted(t, 'name=sleep', 'start>1000000000', 'ctruid=0', 'state!=Z'), 1)
  t.equal(await counted(t, 'name=sleep', 'time>=60'), 0)
  t.equal(await counted(t, 'name=sleep', 'cteuid<0'), 0)
  await osctl.fails(t, 'ct ps -p nonsense=1', /there is no parameter 'nonsense'/)
  await osctl.fails(t, 'ct ps -p rss', /none of PARAMETER OPERATOR VALUE/)
  await osctl.fails(t, 'ct ps -p rss=~1', /=~ is for text/)
  await osctl.fails(t, 'ct ps -p rss>much', /must be bytes/)
  await osctl.fails(t, 'ct ps -p pid>much', /must be a number/)
  await osctl.fails(t, 'ct ps -p name=~(', /nterminated|nvalid/)
  await osctl.fails(t, `ct ps -p name=~${'x'.repeat(1001)}`, /at most 1000/)
  sleeper.kill('SIGTERM')
  await sleeper.ended
})

await t.test('names of guests do nothing to a terminal, and keep no pattern busy', async (t) => {
  const script = 'printf "\\033[2J\\nx" > /proc/self/comm; read x'
  const evil = osctl.running([
    'ct',
    'exec',
    'web1',
    ...['sh', '-c', script, '\x1b]0;title\x07\n1 1 0 fake\u202e', 'a'.repeat(3000)],
  ])
  await until(async () => /aaaa/.test((await osctl.run('ct ps web1')).stdout))
  const { stdout } = await osctl.ok(t, 'ct ps -o name,command -p command=~aaaa web1')
  t.equal(stdout.split('\n').length, 3, 'two lines')
  // eslint-disable-next-line no-control-regex -- that there are none
  t.notMatch(stdout, /[\x00-\x09\x0b-\x1f\x7f\u202e]/)
  t.match(stdout, /^\\u001b\[2J\\nx +sh -c .*\\u001b\]0;title\\u0007\\n1 1 0 fake\\u202e a+$/m)
  t.match((await osctl.ok(t, '-j ct ps -p command=~aaaa web1')).json, [{ name: '\x1b[2J\nx' }])
  await osctl.fails(t, 'ct ps -p command=~(a+)+! web1', /takes too long/)
  evil.end()
  await evil.ended
})

await t.test('what they use, as it changes', async (t) => {
  const lines = (text: string) => text.split('\n').slice(0, -1)
  const rates = osctl.lines('-j ct top -r 0.2')
  await rates.until(t, /^(.+\n){3}/)
  rates.kill('SIGTERM')
  await rates.ended
  const told = lines(rates.text).map((line) => JSON.parse(line) as unknown)
  const host = { pool: null, id: '[host]', init_pid: null, nproc: Number, loadavg: Array }
  const one = {
    pool: 'tank',
    id: /^(web[123]|db1)$/,
    init_pid: Number,
    cpu_usage: Number,
    memory: Number,
    nproc: Number,
    cpu_us: Number,
    io: { bytes: { r: Number, w: Number }, ios: { r: Number, w: Number } },
    tx: null,
  }
  for (const line of told) {
    t.match(line, {
      cpu: { user: Number, idle: Number },
      loadavg: [Number, Number, Number],
      memory: { total: Number, swap_free: Number },
      containers: [one, one, one, one, host],
    })
  }
  // A signal has one come at once.
  const slow = osctl.lines('-j --pool tank ct top --rate 4 --no-processes --no-iostat')
  await slow.until(t, /^.+\n$/)
  const begin = performance.now()
  slow.kill('SIGUSR1')
  await slow.until(t, /^(.+\n){2}$/)
  t.ok(performance.now() - begin < 3500, 'before its time')
  slow.kill('SIGTERM')
  await slow.ended
  await osctl.fails(t, 'ct top', /needs a terminal/)
  await osctl.fails(t, '-j ct top -r 0', /--rate must be a number of at least 0\.1/)
  await osctl.fails(t, '-j ct top -r 1000000', /at most 86400/)
})

await t.test('whose processes they are', async (t) => {
  const init = (await osctl.ok(t, 'ct ls -H -o init_pid db1')).stdout.trim()
  t.match(
    (await osctl.ok(t, `ct pid ${init} ${process.pid}`)).stdout,
    new RegExp(
      `^PID +CONTAINER +CTPID +NAME\n${init} +tank:db1 +1 +init\n${process.pid} +\\[host\\] +- +`,
    ),
  )
  t.match((await osctl.ok(t, '-j ct pid -', `${init}\n`)).json, [
    { pid: Number(init), container: 'tank:db1', ctpid: 1, name: 'init' },
  ])
  t.equal((await osctl.ok(t, `ct pid -H ${init}`)).stdout.split('\n').length, 2)
  const none = Number(readFileSync('/proc/sys/kernel/pid_max', 'utf8')) + 1
  t.match(await osctl.run(`ct pid -H ${none} ${init}`), {
    code: 1,
    stdout: new RegExp(`^${init} `),
    stderr: `error: no process has the number ${none}\n`,
  })
  await osctl.fails(t, 'ct pid one', /'one' is no number of a process/)
  const many = Array.from({ length: 2500 }, (_, index) => `${index + 1}`).join('\n')
  t.match((await osctl.run('ct pid -H -', many)).stdout, /^1 +\[host\]/)
})

await t.test('all of one are killed, or sent a signal', async (t) => {
  const outside = spawn('sleep', ['1000'])
  t.teardown(() => outside.kill('SIGKILL'))
  const sleeper = osctl.lines('ct exec web3 sleep 4243')
  await until(async () => /4243/.test((await osctl.run('ct ps web3')).stdout))
  const refused = await osctl.run('ct recover kill web3', 'n\n')
  t.match(refused, { code: 1, stdout: /COMMAND\n[^]*sleep 4243\n/, stderr: /nothing was sent/ })
  t.match(await osctl.run('ct recover kill web3'), { code: 1, stderr: /nothing was sent/ })
  await osctl.fails(t, '-j ct recover kill web3 NONE', /Unknown signal: SIGNONE/, 'y\n')
  t.match(await osctl.run('ct recover kill web3 term', 'yes\n'), {
    code: 0,
    stderr: /Send SIGTERM to these \d+ processes\? \[y\/N\]: \nSent SIGTERM to \d+ processes\n/,
  })
  t.equal(await sleeper.ended, 143)
  const killed = await osctl.run('-j ct recover kill web3 9', 'y\n')
  t.match(killed, { code: 0, json: [Number] })
  await until(async () => (await osctl.run('ct ls -H -o state web3')).stdout === 'stopped\n')
  t.match(await osctl.ok(t, 'ct recover kill web3'), { stderr: /no processes in container web3/ })
  t.equal(outside.exitCode, null)
  await osctl.ok(t, 'ct start web3')
})

await t.test('a message to those who are logged in', async (t) => {
  const wall = (where: string) =>
    ['ct', 'exec', where, 'sh', '-c', 'cat > /bin/wall; chmod 755 /bin/wall'] as const
  await osctl.fails(t, 'ct wall -m hello web1', /has no program wall/)
  // That of util-linux, as far as it matters here; and that of Busybox.
  await osctl.ok(t, wall('web1'), '#!/bin/sh\n[ "$1" = -n ] || exit 3\ncat > /said\n')
  await osctl.ok(t, wall('web2'), '#!/bin/sh\n[ $# = 0 ] || exit 1\ncat > /said\n')
  await osctl.ok(t, ['ct', 'wall', '-m', 'good night', 'web1', 'web2'])
  const said = async (where: string) => (await osctl.ok(t, `ct exec ${where} cat /said`)).stdout
  for (const where of ['web1', 'web2']) {
    t.match(await said(where), /^\n\nMessage from host machine \S+ \(.*\):\n\ngood night\n\n$/)
  }
  await osctl.ok(t, 'ct wall -n web1', 'from input\n')
  t.equal(await said('web1'), '\n\nfrom input\n\n')
  await osctl.ok(t, wall('web3'), '#!/bin/sh\necho not today >&2; exit 1\n')
  const all = await osctl.run('-j ct wall --hide-banner --message all')
  t.equal(all.code, 1)
  t.match(all.json, [
    { container: 'tank:db1', error: /has no program/ },
    { container: 'tank:web1', error: null },
    { container: 'tank:web2', error: null },
    { container: 'tank:web3', error: /not today/ },
  ])
  t.equal(await said('web2'), '\n\nall\n\n')
  await osctl.fails(t, 'ct wall web1', /there is no message/)
  await osctl.ok(t, wall('web1'), '#!/bin/sh\nwhile true; do echo much; done\n')
  await osctl.fails(t, 'ct wall -m x web1', /longer than/)
})

const states = async () => (await osctl.run('ct ls -H -o id,state -s id')).stdout

await t.test('one of many is found', async (t) => {
  const running = await states()
  const trouble = async (name: string) =>
    /running/.test((await osctl.run(`ct ls -H -o state ${name}`)).stdout)
  for (const [culprit, action] of [
    ['web2', 'freeze'],
    ['db1', 'freeze'],
    ['web3', 'stop'],
  ] as const) {
    const search = osctl.lines(`ct bisect -a ${action}`)
    await search.until(t, /Continue\? \[y\/N\]: $/)
    search.write('y\n')
    let before = true
    let asked = 0
    for (let question = 1; question <= 2; question++) {
      const questions = new RegExp(`(changed\\? [^]*){${question}}$`)
      await search.until(t, questions)
      asked = question
      const now = await trouble(culprit)
      search.write(now === before ? 'n\n' : 'y\n')
      before = now
    }
    t.equal(await search.ended, 0, search.text)
    t.match(search.text, new RegExp(`Container identified: tank:${culprit}\n`))
    t.equal(asked, 2)
    t.equal(await states(), running, 'all of them run')
  }
})

await t.test('and when it is given up, all go on', async (t) => {
  const running = await states()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    const search = osctl.lines('ct bisect -x db1 -o id,state -s id')
    await search.until(t, /Selected containers: 3[^]*Continue/)
    search.write('y\nwhat?\n')
    await search.until(t, /(changed\? [^]*){2}$/)
    t.match(await states(), /frozen/)
    search.kill(signal)
    t.equal(await search.ended, 1, search.text)
    t.match(search.text, /thaw tank:web1 \.\.\. ok\n[^]*error: given up\n/)
    t.equal(await states(), running)
  }
  // The end of input, and of the search before it has begun.
  t.match(await osctl.run('ct bisect', 'y\n'), { code: 1, stderr: /no more answers/ })
  t.match(await osctl.run('ct bisect', 'n\n'), { code: 1, stderr: /given up/ })
  t.equal(await states(), running)
  // What others had frozen stays so, and is none of those that are looked at.
  await osctl.ok(t, 'ct freeze web1')
  t.match(await osctl.run('ct bisect -x web2,tank:web3', 'y\n'), {
    code: 0,
    stdout: /Container identified: tank:db1\n$/,
  })
  t.match((await osctl.run('-j ct bisect --exclude web3,web2 db1', 'y\n')).json, {
    container: 'tank:db1',
  })
  t.match(await states(), /^web1 +frozen$/m)
  await osctl.ok(t, 'ct thaw web1')
})

await t.test('which are meant', async (t) => {
  const users = (await osctl.ok(t, 'ct ls -H -o user db1')).stdout.trim()
  for (const filter of [
    `-u ${users}`,
    '--pool tank -u none',
    '-g /none',
    '-d none',
    '-v none',
    '-x web1,web2,web3,db1',
  ]) {
    const ran = await osctl.run(`ct bisect ${filter}`, 'n\n')
    t.match(ran.stderr, filter === `-u ${users}` ? /given up/ : /no container that runs is meant/)
  }
  t.match((await osctl.ok(t, 'ct bisect -L')).stdout, /^pool\nid\n/)
  t.match(await osctl.run('ct bisect -H -o id,memory db1', 'n\n'), {
    stdout: /^db1 +[\d.]+[KM]\n$/,
  })
  await osctl.fails(t, 'ct bisect -a kill', /--action must be freeze or stop/)
  await osctl.fails(t, 'ct bisect none', /'none' not found/)
  // More than one request can name, and that is not what is wrong.
  const many = Array.from({ length: 300 }, (_, number) => `none${number}${'x'.repeat(60)}`)
  for (const command of ['ls', 'ps', 'bisect'])
    await osctl.fails(t, ['ct', command, 'web1', ...many], /'none0x+' not found/)
})

await t.test('all of it was run', (t) =>
  osctl.allRun(
    t,
    ...'ps top pid wall bisect'.split(' ').map((name) => `ct ${name}`),
    'ct recover kill',
  ),
)
