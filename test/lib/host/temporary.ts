// A temporary host leaves nothing, not even when its process is killed.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { randomBytes } from 'node:crypto'
import { chmodSync, chownSync, existsSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs'
import { rmSync, utimesSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Host } from 'vpsadminos'
import { Cgroups } from '../../../dist/cgroup/cgroups.js'
import { busyboxImage, startedContainer, temporaryHost, text } from '../../helpers/host.js'
import { until } from '../../helpers/keeper-host.js'
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
  // It has ended, and is there until somebody has asked how.
  await until(() => !existsSync(`/proc/${keeper}`))
  for (const gone of [stateDir, path, `/proc/${initPid}`]) t.notOk(existsSync(gone), gone)
  t.notMatch(readFileSync('/proc/self/mountinfo', 'utf8'), stateDir)
  for (const name of readdirSync('/run/vpsadminos/ids')) {
    // Those of others on this machine go meanwhile.
    const ids = await readFile(`/run/vpsadminos/ids/${name}`, 'utf8').catch(() => '')
    if (name.endsWith('.json')) t.notMatch(ids, path)
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

await t.test('many that come and go beside each other', async (t) => {
  // Each looks for what others have left, while these are on their way out.
  const script = `import { Host } from 'vpsadminos'
    for (let i = 0; i < 10; i++) await (await Host.temporary()).close()`
  const said = await Promise.all(
    [1, 2, 3, 4].map(async () => {
      const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
        cwd: fileURLToPath(new URL('../../..', import.meta.url)),
        stdio: ['ignore', 'ignore', 'pipe'],
      })
      const [stderr, [code]] = await Promise.all([
        text(child.stderr),
        once(child, 'exit') as Promise<[number | null]>,
      ])
      return `${code}: ${stderr}`
    }),
  )
  t.same(said, ['0: ', '0: ', '0: ', '0: '])
})

await t.test('what somebody else has put there is not obeyed', async (t) => {
  const kept = mkdtempSync(join(tmpdir(), 'vpsadminos-kept-'))
  t.teardown(() => rmSync(kept, { recursive: true, force: true }))
  const pool = { name: 'tank', path: join(kept, 'tank') }
  const said = JSON.stringify({ cgroupRoot: 'osctl-none', interfacePrefix: 'vtest1', pool })
  for (const [uid, mode] of [
    [65534, 0o700],
    [0, 0o777],
  ] as const) {
    const stateDir = mkdtempSync('/dev/shm/osctl-tmp-')
    t.teardown(() => rmSync(stateDir, { recursive: true, force: true }))
    writeFileSync(join(stateDir, 'temporary.json'), said)
    chmodSync(stateDir, mode)
    chownSync(stateDir, uid, uid)
    await using _host = await Host.temporary()
    t.ok(existsSync(kept), `what it names, of ${uid}`)
    t.ok(existsSync(stateDir), 'and itself')
  }
})

await t.test('what a process left that was killed while it made one goes, too', async (t) => {
  const scratch = mkdtempSync(join(tmpdir(), 'osctl-pool-'))
  const cgroupRoot = `osctl-${randomBytes(6).toString('hex')}`
  await cgroups.dir(cgroupRoot).create()
  const pool = { name: 'tank', path: join(scratch, 'tank') }
  const made = ['whole', 'just made', 'nothing'].map((name) => {
    const stateDir = mkdtempSync('/dev/shm/osctl-tmp-')
    t.teardown(() => rmSync(stateDir, { recursive: true, force: true }))
    const plan = JSON.stringify({ cgroupRoot, interfacePrefix: 'vtest1', pool })
    if (name !== 'nothing') writeFileSync(join(stateDir, 'temporary-plan.json'), plan)
    if (name !== 'just made') utimesSync(stateDir, 0, 0)
    return stateDir
  })
  await using _host = await Host.temporary()
  // Others who open one clear it away as well, and may not have come to their end.
  await until(() => made.filter(existsSync).length === 1)
  t.same(made.map(existsSync), [false, true, false])
  t.notOk(existsSync(scratch))
  t.same(await cgroups.dir(cgroupRoot).exists(), [])
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
  // Others who open one clear it away as well, and may not have come to their end.
  await until(() => !existsSync(left['stateDir'] ?? ''))
  for (const gone of [left['stateDir'], left['path'], `/proc/${left['initPid']}`]) {
    t.notOk(existsSync(gone ?? ''), gone ?? '')
  }
  t.same(await cgroups.dir(left['cgroupRoot'] ?? '').exists(), [])
})
