// A daemon that embeds the engine as a service of systemd: stopping, killing and restarting it leaves
// its containers and the keeper alone, although systemd ends all that is in a service's cgroup.
import { requires } from '../../helpers/requires.js'
import { Lab, projectInGuest } from '../lab.js'

const t = requires('root', 'qemu', 'mmdebstrap')
t.setTimeout(0)

const common = `
  import { execFileSync } from 'node:child_process'
  import { Host } from '${projectInGuest}/dist/index.js'
  const options = { pools: [{ name: 'tank', path: '/srv/scratch/tank' }] }
  const say = (what) => console.log(JSON.stringify(what))
`
const daemon = `${common}
  execFileSync('${projectInGuest}/images/busybox/build.sh', ['/srv/scratch/busybox.tar'])
  const host = await Host.open()
  await host.pools.install(options.pools[0])
  const path = '/srv/scratch/busybox.tar'
  await host.images.import({ path, distribution: 'busybox', version: '1' })
  const ct = await host.containers.create({ id: 'one', image: { distribution: 'busybox' } })
  const { initPid } = await ct.start()
  const session = await ct.spawn(['sleep', '100000'])
  say({ initPid, session: session.pid, keeper: await host.keeperPid() })
  execFileSync('systemd-notify', ['--ready', '--pid=parent'])
  setInterval(() => {}, 1000)
`
const next = `${common}
  const host = await Host.open(options)
  const ct = host.containers.get('one')
  const { stdout } = await ct.exec(['echo', 'still here'])
  const { state, initPid } = ct.show()
  say({ state, initPid, stdout, keeper: await host.keeperPid() })
  await ct.kill()
  const { leftovers } = await ct.delete()
  say({ leftovers })
  await host.close()
`

interface Said {
  readonly initPid: number
  readonly session: number
  readonly keeper: number
}

const lab = await Lab.open({ init: 'systemd' })
t.teardown(() => lab[Symbol.asyncDispose]())

for (const [how, end] of [
  ['stopped', 'systemctl stop daemon'],
  [
    'killed',
    'systemctl kill --signal=KILL daemon; until systemctl is-failed --quiet daemon; do sleep 0.1; done',
  ],
] as const) {
  t.test(how, async (t) => {
    await using machine = await lab.machine()
    const run = (script: string, input = ''): Promise<string> =>
      machine.shell(script, { input, env: lab.env })
    await run('cat >/srv/scratch/daemon.mjs', daemon)
    await run('cat >/srv/scratch/next.mjs', next)
    const service =
      '--property=Type=notify --property=NotifyAccess=all --property=TimeoutStartSec=600'
    await run(`systemd-run --quiet --unit=daemon ${service} node /srv/scratch/daemon.mjs`)
    const output = await run('journalctl --sync; journalctl --unit=daemon --output=cat')
    const before = JSON.parse(/^\{.*\}$/m.exec(output)?.[0] ?? 'null') as Said
    const cgroupOf = (pid: number | string): Promise<string> => run(`cat /proc/${pid}/cgroup`)
    const main = await run('systemctl show --value --property=MainPID daemon')
    t.match(await cgroupOf(main), /daemon\.service/)
    for (const name of ['keeper', 'session', 'initPid'] as const) {
      t.notMatch(await cgroupOf(before[name]), /daemon\.service/, `${name} is not in the service`)
    }
    await run(end)
    t.equal(
      await run('systemctl is-active daemon || true'),
      how === 'stopped' ? 'inactive' : 'failed',
    )
    const alive = `for pid in ${before.initPid} ${before.session} ${before.keeper}; do kill -0 $pid; done; echo alive`
    t.equal(await run(alive), 'alive')
    const lines = (await run('node /srv/scratch/next.mjs')).split('\n')
    const [after, end_] = lines.map((line) => JSON.parse(line) as Record<string, unknown>)
    t.match(after, {
      state: 'running',
      initPid: before.initPid,
      keeper: before.keeper,
      stdout: 'still here\n',
    })
    t.same(end_, { leftovers: [] })
  })
}
