// Files of containers from elsewhere: what they would have LXC be told is asked as much of as what is set here.
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseDocument } from 'yaml'
import { busybox, temporaryHost } from '../../helpers/host.js'
import { requires } from '../../helpers/requires.js'

const t = requires('root', 'userns', 'liblxc', 'cgroup', 'busybox')
const host = await temporaryHost(t)
const { path } = host.pools.get('tank').show()
const file = join(path, 'conf/ct/guest.yml')
await host.containers.create({ id: 'guest', image: busybox, memoryLimit: '64 MiB' })
const good = readFileSync(file, 'utf8')

/** As a pool that was written by somebody else. */
async function importWith(at: readonly string[], value: unknown): Promise<void> {
  await host.pools.export('tank')
  const document = parseDocument(good)
  if (at.length > 0) document.setIn(at, value)
  chmodSync(file, 0o600)
  writeFileSync(file, String(document))
  await host.pools.import({ name: 'tank', path })
}

const hook = 'lxc.hook.pre-start = /bin/touch /tmp/outside'
const param = (name: string) => [{ version: 1, subsystem: name.split('.')[0], name, value: ['a'] }]
const hostile: readonly (readonly [readonly string[], unknown, RegExp])[] = [
  [['raw', 'lxc'], `lxc.tty.max = 1\n${hook}`, /raw\.lxc: line 2: .*a hook is a program/],
  [['arch'], `x86_64\n${hook}`, /lxc\.arch: must be in one line/],
  [['hostname'], `guest\n${hook}`, /lxc\.uts\.name: must be in one line/],
  [['init_cmd'], ['/sbin/init', `x\n${hook}`], /lxc\.init\.cmd: must be in one line/],
  [['seccomp_profile'], `/a\n${hook}`, /lxc\.seccomp\.profile: must be in one line/],
  [['prlimits', `x\n${hook}`], { soft: 1, hard: 1 }, /prlimits.*no such limit/s],
  [['cgparams'], param('devices.allow'), /cgparams\.devices\.allow: is not a parameter/],
  [['cgparams'], param('cgroup.procs'), /cgparams\.cgroup\.procs: is not a parameter/],
]

for (const [at, value, says] of hostile) {
  await t.test(`in ${at.join('.').replace(/\n.*/, '')}`, async (t) => {
    await importWith(at, value)
    const ct = host.containers.get('guest')
    await t.rejects(ct.start(), { code: 'ERR_CONFIG_BROKEN', path: file, message: says })
    t.equal(ct.state, 'stopped')
    await t.rejects(ct.exec(['true'], { run: true }), { code: 'ERR_CONFIG_BROKEN' })
    t.same((await host.audit()).leftovers, [])
    t.same(host.locks(), [])
  })
}

await t.test('mended, it starts', async (t) => {
  await importWith([], null)
  await host.containers.get('guest').start()
  t.equal(host.containers.get('guest').state, 'running')
  await host.containers.get('guest').delete({ force: true })
})
