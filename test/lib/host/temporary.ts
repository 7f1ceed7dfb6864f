// A temporary host leaves nothing, not even when its process is killed.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Host } from 'vpsadminos'
import { Cgroups } from '../../../dist/cgroup/cgroups.js'
import { busyboxImage, startedContainer, temporaryHost } from '../../helpers/host.js'
import { requires } from '../../helpers/requires.js'

const t = requires('root', 'userns', 'liblxc', 'cgroup', 'busybox')
const cgroups = Cgroups.mounted()

await t.test('closing ends and removes everything', async (t) => {
  const host = await temporaryHost(t)
  const { stateDir, cgroupRoot } = host
  const keeper = await host.keeperPid()
  const { path } = host.pools.get('tank').show()
  const one = await startedContainer(host, { id: 'one' })
  await (await startedContainer(host, { id: 'two' })).freeze()
  const initPid = one.show().initPid ?? 0
  t.not((await cgroups.dir(cgroupRoot).exists()).length, 0)
  await host.close()
  t.same(await cgroups.dir(cgroupRoot).exists(), [])
  for (const gone of [stateDir, path, `/proc/${keeper}`, `/proc/${initPid}`])
    t.notOk(existsSync(gone), gone)
  t.notMatch(readFileSync('/proc/self/mountinfo', 'utf8'), stateDir)
  for (const name of readdirSync('/run/vpsadminos/ids')) {
    if (name.endsWith('.json'))
      t.notMatch(readFileSync(`/run/vpsadminos/ids/${name}`, 'utf8'), path)
  }
})

await t.test('two at the same time do not know of each other', async (t) => {
  const [a, b] = await Promise.all([temporaryHost(t), temporaryHost(t)])
  await Promise.all([startedContainer(a, { id: 'same' }), startedContainer(b, { id: 'same' })])
  t.equal((await a.containers.get('same').exec(['echo', 'a'])).stdout, 'a\n')
  await a.close()
  t.equal((await b.containers.get('same').exec(['echo', 'b'])).stdout, 'b\n')
  t.same((await b.audit()).leftovers, [])
})

await t.test('what a killed process left goes when the next one opens one', async (t) => {
  const script = `
    import { Host } from 'vpsadminos'
    const host = await Host.temporary()
    await host.images.import({ path: ${JSON.stringify(busyboxImage(t))}, distribution: 'busybox', version: '1' })
    const ct = await host.containers.create({ id: 'orphan', image: { distribution: 'busybox' } })
    await ct.start()
    const { path } = host.pools.get('tank').show()
    console.log(JSON.stringify({ stateDir: host.stateDir, cgroupRoot: host.cgroupRoot, path, initPid: ct.show().initPid }))
    setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    cwd: fileURLToPath(new URL('../../..', import.meta.url)),
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [said] = (await once(child.stdout, 'data')) as [Buffer]
  const left = JSON.parse(said.toString()) as Record<string, string>
  child.kill('SIGKILL')
  await once(child, 'exit')
  t.ok(existsSync(`/proc/${left['initPid']}`), 'the container runs on')
  await using _host = await Host.temporary()
  for (const gone of [left['stateDir'], left['path'], `/proc/${left['initPid']}`]) {
    t.notOk(existsSync(gone ?? ''), gone ?? '')
  }
  t.same(await cgroups.dir(left['cgroupRoot'] ?? '').exists(), [])
})
