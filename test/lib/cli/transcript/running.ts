// What runs, by `osctl ct`: every command and option of that, against a daemon.
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Cgroups } from '../../../../dist/cgroup/cgroups.js'
import { servedPlace } from '../../../helpers/daemon.js'
import { until } from '../../../helpers/keeper-host.js'
import { IMAGE, Osctl } from '../../../helpers/osctl.js'
import { requires } from '../../../helpers/requires.js'

const t = requires('root', 'userns', 'cgroup', 'liblxc', 'busybox')

const { socket } = await servedPlace(t)
const osctl = new Osctl(socket)
const dir = mkdtempSync(join(tmpdir(), 'osctl-scripts-'))
t.teardown(() => rmSync(dir, { recursive: true }))

/** As a shell says it. */
const NOT_THERE = { code: 127, stdout: '', stderr: /^error: .*\/nonsense/ }
const state = async () => (await osctl.run('ct ls -H -o state web1')).stdout.trim()
const reached = (wanted: string) => until(async () => (await state()) === wanted)

await t.test('started and stopped', async (t) => {
  await osctl.ok(t, 'ct new --distribution busybox web1')
  const watched = osctl.lines('ct monitor web1')
  const all = osctl.lines('monitor')
  t.equal((await osctl.ok(t, 'ct start -w 60 -D web1')).stderr, 'Starting container web1\n')
  await osctl.ok(t, '-q ct stop -k web1')
  await watched.until(t, /^state tank web1 running$[^]*^state tank web1 stopped$/m)
  await all.until(
    t,
    /^\S+Z state tank web1 state=running initPid=\d+$[^]*^\S+Z exit tank web1 reason=/m,
  )
  await osctl.ok(t, 'ct start -w infinity web1')
  t.equal((await osctl.ok(t, 'ct stop -t 20 -m bye web1')).stderr, 'Stopping container web1\n')
  await osctl.ok(t, 'ct start -q -p 3 web1')
  await osctl.ok(t, 'ct stop --dont-kill web1')
  await osctl.fails(t, 'ct stop -k --dont-kill web1', /--kill or --dont-kill/)
  await osctl.ok(t, 'ct start -w 0 web1')
  await osctl.ok(t, 'ct wait web1 running stopping')
  await osctl.ok(t, 'ct wait web1 ready')
  await osctl.ok(t, 'ct start web1')
  await osctl.fails(t, 'ct wait web1 nonsense', /nonsense|must be/)
  await osctl.fails(t, 'ct start web9', /container 'web9' not found\n`osctl ct ls`/)
  await osctl.fails(t, 'ct start -w 0 web9', /container 'web9' not found/)
  await osctl.fails(t, 'ct start -w soon web1', /--wait must be a number/)
})

await t.test('what it uses', async (t) => {
  t.match(
    (await osctl.ok(t, 'ct ls -H -o memory,cpu_us,nproc,cpu_hz,init_pid web1')).stdout,
    /^\d[\d.]*[KM]? +[\d.]+s +\d+ +\d+ +\d+\n$/,
  )
  t.match((await osctl.ok(t, '-j ct show -o memory web1')).json, {
    memory: Number,
    cpu_us: Number,
    nproc: Number,
  })
})

await t.test("a shell for LXC's own tools", async (t) => {
  await osctl.ok(t, 'ct new --distribution busybox fresh')
  const script = [
    'alias lxc-info lxc-attach',
    'pwd; id -G; ls -l /proc/self/fd | grep -c -- "->"; env | grep -c OSCTLD_SOCKET',
    'lxc-start -F',
    'exit 3',
  ].join('\n')
  for (const id of ['web1', 'fresh']) {
    const { code, stdout, stderr } = await osctl.run(`ct su ${id}`, script)
    t.equal(code, 3)
    t.match(stdout, new RegExp(`lxc-info='lxc-info -P /\\S+/lxc -n ${id}'`))
    t.match(stdout, /lxc-attach='[^']* --clear-env --keep-var TERM'/)
    // Three, and the one that it looks with.
    t.match(stdout, /\n\/\n0\n4\n0\n$/)
    t.match(stderr, new RegExp(`lxc-start is not for containers of osctl: osctl ct start ${id}`))
    t.match((await osctl.ok(t, `ct show -H -o lxc_dir ${id}`)).stdout, new RegExp(`/lxc/${id}\n`))
  }
  t.same(
    readdirSync(tmpdir()).filter((name) => name.startsWith('osctl-su-')),
    [],
  )
  await osctl.ok(t, 'ct del fresh')
  await osctl.fails(t, 'ct su fresh', /container 'fresh' not found/)
})

await t.test('programs in it', async (t) => {
  await osctl.prints(t, 'ct exec web1 echo -n a', 'a')
  await osctl.prints(t, 'ct exec web1 -- echo -n a', 'a')
  const ran = await osctl.run(
    ['ct', 'exec', 'web1', 'sh', '-c', 'cat; echo problem >&2; exit 33'],
    'input\n',
  )
  t.match(ran, { code: 33, stdout: 'input\n', stderr: 'problem\nerror: executed command failed\n' })
  t.match(await osctl.run(['ct', 'exec', 'web1', 'sh', '-c', 'kill -9 $$']), { code: 137 })
  const much = 'x'.repeat(3_000_000)
  t.equal((await osctl.ok(t, 'ct exec web1 cat', much)).stdout.length, much.length)
  t.match(await osctl.run('ct exec web1 /nonsense'), NOT_THERE)
  await osctl.fails(t, 'ct exec web1', /COMMAND\.\.\. is missing/)
})

await t.test('scripts of the host in it', async (t) => {
  const script = join(dir, 'script')
  writeFileSync(script, '#!/bin/sh\necho "$0 $#: $*"\ncat\nexit 3\n')
  const ran = await osctl.run(['ct', 'runscript', 'web1', script, '-a', 'b c'], 'input')
  t.match(ran, {
    code: 3,
    stdout: /^\/\.runscript\w+\.sh 2: -a b c\ninput$/,
    stderr: 'error: executed command failed\n',
  })
  const { stdout } = await osctl.ok(t, 'history')
  t.match(stdout, new RegExp(`osctl ct runscript web1 ${script}\n`), 'without its arguments')
  const piped = await osctl.ok(t, 'ct runscript web1 - x', '#!/bin/sh\necho "got $1"; cat\n')
  t.equal(piped.stdout, 'got x\n')
  t.equal(
    (await osctl.ok(t, ['ct', 'exec', 'web1', 'sh', '-c', 'ls -a / | grep -c runscript || true']))
      .stdout,
    '0\n',
  )
  const bare = await osctl.ok(t, 'ct runscript web1 - x', 'echo "got $1"\n')
  t.equal(bare.stdout, 'got x\n', 'without a first line that says so, by /bin/sh')
  await osctl.fails(t, 'ct runscript web1 -', /end as on Windows/, '#!/bin/sh\r\ntrue\r\n')
  await osctl.fails(t, 'ct runscript web1 /nonsense', /ENOENT/)
})

await t.test('programs in one that is stopped', async (t) => {
  await osctl.ok(t, 'ct new --distribution busybox web2')
  const isStopped = async () =>
    t.equal((await osctl.ok(t, 'ct ls -H -o state web2')).stdout, 'stopped\n')
  await osctl.fails(t, 'ct exec web2 true', /exec needs it running/)
  await osctl.fails(t, 'ct exec -n web2 true', /exec needs it running/)
  const ran = await osctl.run(
    ['ct', 'exec', '-r', 'web2', 'sh', '-c', 'cat; ls /sys/class/net; echo problem >&2; exit 33'],
    'input\n',
  )
  t.match(ran, {
    code: 33,
    stdout: 'input\nlo\n',
    stderr: 'problem\nerror: executed command failed\n',
  })
  await isStopped()
  await osctl.prints(t, 'ct exec -rn web2 echo -r', '-r\n')
  t.match(await osctl.run('ct exec --run-container web2 /nonsense'), NOT_THERE)
  await isStopped()
  const script = join(dir, 'script2')
  writeFileSync(script, '#!/bin/sh\necho "$#: $*"\ncat\nexit 3\n')
  t.match(await osctl.run(['ct', 'runscript', '-r', 'web2', script, '-n', 'b c'], 'input'), {
    code: 3,
    stdout: '2: -n b c\ninput',
    stderr: 'error: executed command failed\n',
  })
  const piped = await osctl.ok(t, 'ct runscript -r -n web2 - x', '#!/bin/sh\necho "got $1"\n')
  t.equal(piped.stdout, 'got x\n')
  await osctl.fails(t, 'ct runscript web2 - x', /exec needs it running/, '#!/bin/sh\n')
  await isStopped()
  const left = ['ct', 'exec', '-r', 'web2', 'sh', '-c', 'ls -a / | grep -c runscript || true']
  await osctl.prints(t, left, '0\n')

  const long = osctl.lines('ct exec -r web2 cat')
  await until(async () => (await osctl.run('ct ls -H -o state web2')).stdout === 'running\n')
  await osctl.fails(t, 'ct start web2', /is running for a program/)
  await osctl.fails(t, 'ct restart -r web2', /is running for a program/)
  long.kill('SIGTERM')
  await long.ended
  await osctl.ok(t, 'ct wait web2 stopped')
  await osctl.ok(t, 'ct del web2')
})

await t.test('a shell in it', async (t) => {
  const shell = await osctl.run('ct attach web1', 'echo "I am $USER"; exit 5\n')
  t.match(shell, { code: 5, stdout: /I am root\n/ })
  t.match(await osctl.run('ct attach -u web1', 'echo "in $0"; exit 6\n'), {
    code: 6,
    stdout: /in .*sh\n/,
  })
})

await t.test('its console', async (t) => {
  // Its init asks for Enter first.
  const keys = Buffer.from('\necho $((6*7))\n').toString('base64')
  const console = osctl.lines('-j ct console -t 0 web1')
  console.write(`{"rows":20,"cols":70}\n{"keys":"${keys}"}\n`)
  await console.until(t, /42/)
  console.kill('SIGTERM')
  t.equal(await console.ended, 0)
  await osctl.fails(t, 'ct console -t 1 web1', /only terminal 0/)
})

await t.test('frozen, and told to reboot', async (t) => {
  await osctl.ok(t, 'ct freeze web1')
  t.equal(await state(), 'frozen')
  await osctl.ok(t, 'ct unfreeze web1')
  await osctl.ok(t, 'ct freeze web1')
  await osctl.ok(t, 'ct thaw web1')
  const pid = (await osctl.ok(t, 'ct ls -H -o init_pid web1')).stdout
  const wall = ['ct', 'exec', 'web1', 'sh', '-c', 'cat > /bin/wall; chmod 755 /bin/wall']
  await osctl.ok(t, wall, '#!/bin/sh\ncat >> /said\n')
  await osctl.ok(t, 'ct restart -t 20 -m again -w 60 web1')
  t.not((await osctl.ok(t, 'ct ls -H -o init_pid web1')).stdout, pid)
  await osctl.ok(t, 'ct stop -k -m bye web1')
  await osctl.ok(t, 'ct start web1')
  t.match(
    (await osctl.ok(t, 'ct exec web1 cat /said')).stdout,
    /^Message from host machine [^]*\nagain\n[^]*\nbye\n/m,
  )
  t.match(await osctl.run('ct restart -k -a web1', 'exit 7\n'), { code: 7 })
  t.match(await osctl.run('ct restart -k -a -u web1', 'exit 8\n'), { code: 8 })
  await osctl.ok(t, 'ct restart --dont-kill web1')
  await osctl.ok(t, 'ct restart -r -w 60 web1')
  await reached('running')
})

await t.test('with its console or a shell at once', async (t) => {
  for (const line of ['ct restart -k -F web1', 'ct boot -f -F --distribution busybox web1']) {
    const console = osctl.lines(line)
    await reached('running')
    await console.until(t, /./)
    console.kill('SIGTERM')
    t.equal(await console.ended, 0, line)
  }
  await osctl.ok(t, 'ct stop -k -F web1')
  const console = osctl.lines('ct start -F web1')
  await reached('running')
  console.kill('SIGTERM')
  await console.ended
  await osctl.ok(t, 'ct stop -k web1')
  t.match(await osctl.run('ct start -a web1', 'exit 9\n'), { code: 9 })
  await osctl.ok(t, 'ct stop -k web1')
  t.match(await osctl.run('ct start -a -u web1', 'exit 4\n'), { code: 4 })
})

await t.test('from an image, for one run', async (t) => {
  await osctl.ok(t, 'ct exec web1 touch /mine')
  await osctl.ok(t, `ct boot -f -w 60 -D ${IMAGE} --mount-root-dataset /old web1`)
  await osctl.ok(t, 'ct exec web1 test -e /old/mine')
  t.match(await osctl.run('ct exec web1 test -e /mine'), { code: 1 })
  t.match(await osctl.run('ct boot -f -a web1', 'exit 5\n'), { code: 5 })
  t.match(await osctl.run('ct boot -f -a -u web1', 'exit 6\n'), { code: 6 })
  await osctl.fails(t, 'ct boot -f --zfs-property quota=1G web1', /not possible here/)
  await osctl.fails(t, 'ct boot -f --zfs-property quota web1', /NAME=VALUE/)
  await osctl.run('ct stop -k web1')
  await osctl.ok(t, 'ct start web1')
  await osctl.ok(t, 'ct exec web1 test -e /mine')
})

await t.test('passwords', async (t) => {
  // Busybox has none of its own here.
  await osctl.fails(t, 'ct passwd web1 root x', /it has no chpasswd/)
  await osctl.fails(t, 'ct passwd web1 root', /the input ended before/)
  const chpasswd = `#!/bin/sh
IFS=: read -r user password
grep -q "^$user:" /etc/passwd || { echo "chpasswd: $user: no such user" >&2; exit 1; }
echo "$user:\\$hash-of-$password" >> /etc/shadow
`
  const install = 'cat > /bin/chpasswd; chmod 755 /bin/chpasswd'
  await osctl.ok(t, ['ct', 'exec', 'web1', 'sh', '-c', install], chpasswd)
  await osctl.ok(t, 'ct passwd web1 root verySecret')
  await osctl.ok(t, 'ct passwd web1 root', 'otherSecret\n')
  const shadow = 'root:$hash-of-verySecret\nroot:$hash-of-otherSecret\n'
  await osctl.prints(t, 'ct exec web1 cat /etc/shadow', shadow)
  await osctl.fails(t, 'ct passwd web1 nobody-here x', /nobody-here/)
  await osctl.ok(t, 'ct stop -k web1')
  await osctl.ok(t, 'ct passwd web1 root thirdSecret')
  const last = 'root:$hash-of-thirdSecret\n'
  await osctl.prints(t, 'ct exec -r web1 tail -n 1 /etc/shadow', last)
  t.equal(await state(), 'stopped')
  await osctl.ok(t, 'ct start web1')
  t.notMatch((await osctl.ok(t, '-j history')).stdout, /Secret/)
})

await t.test('what it does, found out anew', async (t) => {
  t.equal((await osctl.ok(t, 'ct recover state web1')).stderr, 'Container web1 is running\n')
  t.same((await osctl.ok(t, '-j ct recover state --no-lock web1')).json, { state: 'running' })
  await osctl.fails(t, 'ct recover state web9', /container 'web9' not found/)
})

await t.test('what it has left', async (t) => {
  await osctl.fails(t, 'ct recover cleanup web1', /is running: recoverCleanup needs it stopped/)
  await osctl.ok(t, 'ct new --distribution busybox left')
  t.equal((await osctl.ok(t, 'ct recover cleanup left')).stderr, 'Nothing is left\n')
  await using cgroups = Cgroups.mounted()
  const cgroup = (await osctl.ok(t, 'ct show -H -o group_path left')).stdout.trim()
  t.match(cgroup, /^osctl-test-\d+\/.*\/ct\.left$/)
  const dir = cgroups.dir(cgroup)
  await dir.create()
  await osctl.ok(t, 'ct recover cleanup --network-interfaces left')
  t.match(
    (await osctl.ok(t, 'ct recover cleanup -f --cgroups left')).stderr,
    /^Removed cgroup \/\S+\/ct\.left\n/,
  )
  await dir.create()
  t.match((await osctl.ok(t, '-j ct recover cleanup left')).json, {
    removed: [{ type: 'cgroup' }],
    left: [],
  })
  await osctl.ok(t, 'ct del left')
})

await t.test('its log, and its end', async (t) => {
  t.match(await osctl.run('ct log cat web1'), { code: 0 })
  await osctl.fails(t, 'ct del web1', /running/)
  await osctl.ok(t, 'ct stop -k web1')
  await osctl.fails(t, 'ct start -q -w 0.001 web1', /turn did not come within 0.001 seconds/)
  await osctl.ok(t, 'ct del -f web1')
})

await t.test('all of it was run', (t) =>
  osctl.allRun(
    t,
    ...'start stop restart boot attach su console exec runscript passwd freeze unfreeze wait monitor del'
      .split(' ')
      .map((name) => `ct ${name}`),
    'ct log cat',
    'ct recover state',
    'ct recover cleanup',
    'monitor',
  ),
)
