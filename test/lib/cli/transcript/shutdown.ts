// `osctl shutdown`: every option of it, with a daemon that is killed in its middle.
import { dirname, join } from 'node:path'
import { statSync } from 'node:fs'
import { daemonPlace, runOsctld } from '../../../helpers/daemon.js'
import { until } from '../../../helpers/keeper-host.js'
import { Osctl } from '../../../helpers/osctl.js'
import { requires } from '../../../helpers/requires.js'

const t = requires('root', 'userns', 'cgroup', 'liblxc', 'busybox')

const place = await daemonPlace(t)
const osctl = new Osctl(place.socket)
const marker = join(dirname(place.socket), 'state/shutdown')
const mode = () => statSync(marker).mode & 0o777
let daemon = await runOsctld(t, place)
const initPid = async () => Number((await osctl.run('ct ls -H -o init_pid web1')).stdout)

await t.test('not without being asked twice', async (t) => {
  await osctl.ok(t, 'ct new --distribution busybox web1')
  await osctl.ok(t, 'ct set autostart web1')
  await osctl.ok(t, 'ct start web1')
  const question = /^Do you really wish to stop all containers and export all pools\? \[y\/N\]: /
  await osctl.fails(t, 'shutdown', question, '\n')
  await osctl.fails(t, 'shutdown', /nothing was done; --force does not ask/)
  await osctl.fails(t, 'shutdown -f -t soon', /--timeout must be a number/)
  t.match((await osctl.ok(t, 'shutdown -a')).stderr, 'The host is not being shut down\n')
  await osctl.prints(t, 'ct ls -H -o id,state', 'web1  running\n')
})

await t.test('goes on by itself, and with the next osctld', async (t) => {
  // Its init cannot shut down.
  const pid = await initPid()
  process.kill(pid, 'SIGSTOP')
  const first = osctl.lines('shutdown -m bye --no-wall -t 60')
  first.write('y\n')
  await first.until(t, /^\[1\/1\] Stopping container tank:web1$/m)
  await osctl.fails(
    t,
    'ct start web1',
    /container tank:web1 is busy: stop|pool tank is disabled: the host is being shut down\n/,
  )
  await osctl.fails(t, 'pool autostart trigger tank', /--abort` gives that up/)
  await osctl.prints(t, 'pool ls -H -o name,state', 'tank  disabled\n')
  first.kill('SIGINT')
  await first.ended
  await osctl.prints(t, 'pool ls -H -o name,state', 'tank  disabled\n')
  const second = osctl.lines('shutdown -f --no-wall')
  const third = osctl.lines('-j shutdown -f --no-wall')
  // Who asks an osctld that is not there gets an error: both have to have begun.
  const asking = async () => (await osctl.run('debug operations ls -H -o command')).stdout
  await until(async () => (await asking()).split('shutdown -f --no-wall').length > 2)
  daemon.kill('SIGKILL')
  await second.until(t, /^osctld has gone: waiting for the next one$/m)
  t.equal(mode(), 0)
  daemon = await runOsctld(t, place, 'disabled')
  process.kill(pid, 'SIGCONT')
  t.equal(await second.ended, 0)
  t.equal(await third.ended, 0)
  t.match(JSON.parse(third.text), { stopped: Array, exported: Array })
  t.equal(mode(), 0o100)
  await osctl.prints(t, 'pool ls -H', '')
})

await t.test('an osctld that is begun then imports nothing, until it is given up', async (t) => {
  daemon.kill('SIGTERM')
  daemon = await runOsctld(t, place, null)
  await osctl.prints(t, 'pool ls -H', '')
  await osctl.ok(t, 'pool import tank')
  await osctl.prints(t, 'ct ls -H -o id,state', 'web1  stopped\n')
  await osctl.fails(
    t,
    'ct start web1',
    /pool tank is disabled: the host is being shut down\n.*`osctl shutdown --abort`/,
  )
  await osctl.ok(t, 'shutdown --abort')
  await osctl.ok(t, 'ct start web1')

  // Who is logged in is told.
  const wall = ['ct', 'exec', 'web1', 'sh', '-c', 'cat > /bin/wall; chmod 755 /bin/wall']
  await osctl.ok(t, wall, '#!/bin/sh\ncat > /said\n')
  await osctl.ok(t, 'shutdown -f -w -m bye -t 1')
  await osctl.ok(t, 'shutdown --abort')
  await osctl.ok(t, 'pool import tank')
  await osctl.ok(t, 'ct start web1')
  t.match(
    (await osctl.ok(t, 'ct exec web1 cat /said')).stdout,
    /^Message from host machine .*\n\nbye\n/m,
  )
})

await t.test('all of it was run', (t) => osctl.allRun(t, 'shutdown'))
