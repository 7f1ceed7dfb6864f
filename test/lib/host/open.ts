// Opening and closing a host, and who may.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Host, type HostOptions } from 'vpsadminos'
import { Cgroups } from '../../../dist/cgroup/cgroups.js'
import { claimCgroupRoot } from '../../../dist/host/lock.js'
import { Locks } from '../../../dist/host/locks.js'
import { Operation } from '../../../dist/host/operation.js'
import { requires } from '../../helpers/requires.js'
import { upTo } from '../../helpers/time.js'

const t = requires('root', 'userns', 'liblxc', 'cgroup')
const dir = mkdtempSync(join(tmpdir(), 'host-'))
chmodSync(dir, 0o711)
const options = {
  stateDir: join(dir, 'state'),
  cgroupRoot: `osctl-test-${process.pid}`,
  pools: [{ name: 'tank', path: join(dir, 'tank') }],
}

t.teardown(async () => {
  const host = await Host.open(options)
  const keeper = await host.keeperPid()
  await host.pools.export('tank')
  await host.close()
  process.kill(keeper)
  await Cgroups.mounted()
    .dir(options.cgroupRoot)
    .remove({ timeoutMs: upTo(5000) })
  rmSync(dir, { recursive: true, force: true, maxRetries: 5 })
})

/** Runs a few lines with the package in another process. */
function elsewhere(code: string, by: readonly string[] = []) {
  const script = `import { Host } from 'vpsadminos'; const options = ${JSON.stringify(options)}; ${code}`
  const [program = '', ...args] = [...by, process.execPath, '--input-type=module', '-e', script]
  return spawn(program, args, {
    cwd: fileURLToPath(new URL('../../..', import.meta.url)),
    stdio: ['ignore', 'pipe', 'inherit'],
  })
}

await t.test('a state directory has one process, and the next is told which', async (t) => {
  const host = await Host.open(options)
  await t.rejects(Host.open(options), { code: 'ERR_HOST_BUSY', pid: process.pid })
  const child = elsewhere(
    'await Host.open(options).catch(({ code, pid }) => console.log(code, pid)); process.exit()',
  )
  const [said] = (await once(child.stdout, 'data')) as [Buffer]
  t.equal(said.toString(), `ERR_HOST_BUSY ${process.pid}\n`)
  await host.close()
})

await t.test('the lock of a process that was killed is free', async (t) => {
  const child = elsewhere(
    'await Host.open(options); console.log("open"); setInterval(() => {}, 1000)',
  )
  await once(child.stdout, 'data')
  await t.rejects(Host.open(options), { code: 'ERR_HOST_BUSY', pid: child.pid })
  child.kill('SIGKILL')
  await once(child, 'exit')
  const host = await Host.open(options)
  await host.close()
})

await t.test('what it was starting may hold it for a moment longer', async (t) => {
  const child = elsewhere(`
    import { spawn } from 'node:child_process'
    import { readdirSync, readlinkSync } from 'node:fs'
    const nameOf = (fd) => { try { return readlinkSync('/proc/self/fd/' + fd) } catch { return '' } }
    await Host.open(options)
    const lock = readdirSync('/proc/self/fd').find((fd) => nameOf(fd).endsWith('/host.lock'))
    spawn('sleep', ['0.3'], { stdio: ['ignore', 'ignore', 'ignore', Number(lock)] })
    console.log('open')
  `)
  await once(child.stdout, 'data')
  child.kill('SIGKILL')
  await once(child, 'exit')
  const host = await Host.open(options)
  t.same(host.pools.list(), [])
  await host.close()
})

await t.test('a pool that is not there yet is made by install', async (t) => {
  const host = await Host.open(options)
  t.same(host.pools.list(), [])
  await t.rejects(host.containers.create({ id: 'a', image: { distribution: 'x' } }), {
    code: 'ERR_NOT_FOUND',
    kind: 'pool',
  })
  const { name, path } = options.pools[0] ?? { name: '', path: '' }
  await host.pools.install({ name, path })
  t.match(host.pools.list(), [{ name: 'tank', state: 'active', broken: [] }])
  await host.close()
  const again = await Host.open(options)
  t.match(again.pools.list(), [{ name: 'tank', state: 'active' }])
  await again.close()
})

await t.test('a closed host says that it is', async (t) => {
  const host = await Host.open(options)
  await Promise.all([host.close(), host.close()])
  await host.close()
  t.throws(() => host.containers.list(), { code: 'ERR_CLOSED' })
  await t.rejects(host.pools.import({ name: 'a', path: '/a' }), { code: 'ERR_CLOSED' })
  await t.rejects(host.audit(), { code: 'ERR_CLOSED' })
})

await t.test('leaving the scope closes it', async () => {
  await using _host = await Host.open(options)
})

await t.test('nonsense is refused', async (t) => {
  const bad: HostOptions[] = [
    { stateDir: 'relative' },
    { stateDir: `/${'x'.repeat(80)}` },
    { stateDir: '/a b' },
    { cgroupRoot: '/osctl' },
    { cgroupRoot: '../x' },
    { cgroupRoot: 'x'.repeat(201) },
    { interfacePrefix: 'toolongprefix' },
    { interfacePrefix: 'a-b' },
    { pools: [{ name: 'a/b', path: '/a' }] },
    { pools: [{ name: 'a', path: 'b' }] },
    { pools: [{ name: 'a', path: '/a,b' }] },
    {
      pools: [
        { name: 'a', path: '/a' },
        { name: 'a', path: '/b' },
      ],
    },
    { surprise: true } as HostOptions,
  ]
  for (const one of bad) {
    await t.rejects(Host.open(one), { code: 'ERR_INVALID_ARGUMENT' }, JSON.stringify(one))
  }
})

await t.test('a state directory that containers cannot go through is refused', async (t) => {
  const hidden = join(dir, 'hidden')
  mkdirSync(hidden, { mode: 0o700 })
  await t.rejects(Host.open({ ...options, stateDir: join(hidden, 'state') }), {
    code: 'ERR_INVALID_ARGUMENT',
    argument: 'open.stateDir',
    reason: new RegExp(hidden),
  })
  t.notOk(existsSync(join(hidden, 'state')))
})

await t.test('without root it says so', async (t) => {
  // In a user namespace without a map: Debian's Node.js does not change its ids itself.
  const child = elsewhere('await Host.open(options).catch(({ code }) => console.log(code))', [
    'unshare',
    '--user',
  ])
  const [said] = (await once(child.stdout, 'data')) as [Buffer]
  t.equal(said.toString(), 'ERR_NOT_ROOT\n')
})

await t.test('what is here, what is missing, what is too little', async (t) => {
  await using host = await Host.open(options)
  const found = await host.features()
  t.match(found, {
    kernel: { supported: true },
    root: true,
    userNamespaces: true,
    cgroups: { layout: /unified|hybrid|legacy/ },
    lxc: { state: 'loaded', version: /^\d+\.\d+/ },
  })
  const enabled = '/sys/module/apparmor/parameters/enabled'
  const apparmor = existsSync(enabled) && readFileSync(enabled, 'utf8').startsWith('Y')
  if (!apparmor) t.ok(found.missing.some(({ feature }) => feature === 'lsm.apparmor'))
  else t.equal(found.lsm.apparmor, true)
  const few = await host.preflight({ containers: 1 })
  const many = await host.preflight({ containers: 100_000 })
  t.notOk(many.ok)
  for (const { name, needed, current, ok, raise } of many.checks) {
    t.equal(ok, current === null || current >= needed, name)
    if (ok) t.equal(raise, null, name)
    else t.match(raise, String(needed))
    t.ok(needed >= (few.checks.find((check) => check.name === name)?.needed ?? Infinity), name)
  }
  await t.rejects(host.preflight({ containers: 0 }), { code: 'ERR_INVALID_ARGUMENT' })
})

await t.test('a directory with something else in it is no pool', async (t) => {
  const path = join(dir, 'other')
  mkdirSync(join(path, 'documents'), { recursive: true, mode: 0o700 })
  await t.rejects(Host.open({ ...options, pools: [{ name: 'other', path }] }), {
    code: 'ERR_NOT_A_POOL',
    path,
  })
  await using host = await Host.open(options)
  await t.rejects(host.pools.install({ name: 'other', path }), {
    code: 'ERR_INVALID_ARGUMENT',
    argument: 'install.path',
  })
})

await t.test('a second host in the same cgroup root is refused', async (t) => {
  await (await Host.open(options)).close()
  const other = { ...options, stateDir: join(dir, 'other'), pools: [] }
  const refused = { code: 'ERR_IN_USE', id: options.cgroupRoot }
  await t.rejects(Host.open(other), refused)
  const { cgroupRoot } = options
  await t.rejects(Host.open({ ...other, cgroupRoot: `${cgroupRoot}/inner` }), refused, 'in it')
  using op = new Operation(new Locks(), 'open', 'beside it')
  await claimCgroupRoot(op, `${cgroupRoot}-2`, dir)
})

await t.test("the cgroup root of an open that fails is nobody's", async (t) => {
  const path = join(dir, 'no-pool')
  mkdirSync(path, { mode: 0o700 })
  writeFileSync(join(path, 'file'), '')
  const cgroupRoot = `${options.cgroupRoot}-3`
  const other = { stateDir: join(dir, 'other'), cgroupRoot, pools: [{ name: 'tank', path }] }
  await t.rejects(Host.open(other), { code: 'ERR_NOT_A_POOL' })
  const noted = () => readFileSync('/run/vpsadminos/cgroup-roots.json', 'utf8')
  t.notMatch(noted(), `"${cgroupRoot}"`)
  // That of one that was open stays: containers of it may run.
  await (await Host.open({ ...other, pools: [] })).close()
  await t.rejects(Host.open(other), { code: 'ERR_NOT_A_POOL' })
  t.match(noted(), `"${cgroupRoot}"`)
  const cgroup = Cgroups.mounted().dir(cgroupRoot)
  await cgroup.kill()
  await cgroup.remove({ timeoutMs: upTo(5000) })
})

await t.test('a pool in another pool is refused, and nothing of it is left', async (t) => {
  await using host = await Host.open(options)
  const within = host.pools.get('tank').show().path
  await t.rejects(host.pools.install({ name: 'other', path: join(within, 'a/b') }), {
    code: 'ERR_INVALID_ARGUMENT',
    argument: 'install.path',
    reason: `must not be in the pool '${within}'`,
  })
  t.equal(existsSync(join(within, 'a')), false)
})
