// Changing settings: at once where that can be, for good always.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Cgroups } from '../../../dist/cgroup/cgroups.js'
import { busybox, startedContainer, temporaryHost } from '../../helpers/host.js'
import { requires } from '../../helpers/requires.js'
import { upTo } from '../../helpers/time.js'

const t = requires('root', 'userns', 'liblxc', 'cgroup', 'busybox')
const host = await temporaryHost(t)
const cgroups = Cgroups.mounted()
const MiB = 2 ** 20
const v1 = cgroups.version('memory') === 1
const version = v1 ? 1 : 2
const root = host.pools.get('tank').show().path

await t.test('limits change in the kernel and in the file', async (t) => {
  const ct = await startedContainer(host, { id: 'one', memoryLimit: '64 MiB', pidsLimit: 50 })
  const read = async (controller: string, file: string) =>
    (await cgroups.dir(ct.show().cgroup).read(controller, file)).trim()
  const memory = () => read('memory', v1 ? 'memory.limit_in_bytes' : 'memory.max')
  t.equal(Number(await memory()), 64 * MiB)
  t.equal(await read('pids', 'pids.max'), '50')
  t.same(await ct.set({ memoryLimit: '32 MiB', cpuLimit: 75, pidsLimit: 20 }), {
    applied: ['memoryLimit', 'cpuLimit', 'pidsLimit'],
    pending: [],
    unusedCgparams: [],
  })
  t.equal(Number(await memory()), 32 * MiB)
  t.equal(await read('pids', 'pids.max'), '20')
  if (cgroups.version('cpu') === 1) t.equal(await read('cpu', 'cpu.cfs_quota_us'), '75000')
  else t.equal(await read('cpu', 'cpu.max'), '75000 100000')
  await ct.set({ memoryLimit: '128 MiB', swapLimit: '16 MiB' })
  t.match(ct.show(), { memoryLimit: 128 * MiB, swapLimit: 16 * MiB, cpuLimit: 75, pidsLimit: 20 })
  t.equal(Number(await memory()), 128 * MiB)
  await ct.unset('memoryLimit', 'cpuLimit')
  t.match(ct.show(), { memoryLimit: null, swapLimit: null, cpuLimit: null, pidsLimit: 20 })
  t.match(await memory(), /^(max|9\d{18})$/)
  const yaml = await readFile(join(root, 'conf/ct/one.yml'), 'utf8')
  t.match(yaml, /name: pids\.max/)
  t.notMatch(yaml, /memory|cpu\.max/)

  await ct.restart({ method: 'kill' })
  t.equal(await read('pids', 'pids.max'), '20', 'and is there after a restart')
  await ct.delete({ force: true })
})

await t.test('what cannot change at once waits, and says so', async (t) => {
  const ct = await startedContainer(host, { id: 'two' })
  t.same(
    await ct.set({
      rawLxc: 'lxc.environment = FROM=raw',
      prlimits: { core: 0 },
      autostart: { priority: 5 },
    }),
    { applied: ['autostart'], pending: ['prlimits', 'rawLxc'], unusedCgparams: [] },
  )
  t.match(ct.show(), {
    pending: ['prlimits', 'rawLxc'],
    autostart: { priority: 5, delay: 5 },
    prlimits: { nofile: { soft: 1024 }, core: { soft: 0, hard: 0 } },
  })
  const environment = async () =>
    (await readFile(`/proc/${ct.show().initPid}/environ`, 'utf8')).split('\0')
  t.notOk((await environment()).includes('FROM=raw'))
  const { initPid } = ct.show()
  await ct.exec(['reboot'])
  for (let tries = 0; ct.show().initPid === initPid && tries < upTo(500); tries++) {
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  await ct.wait('running', { timeout: upTo(20_000) })
  t.same(ct.show().pending, [], 'a reboot from inside is a new start')
  t.ok((await environment()).includes('FROM=raw'))
  await ct.set({ prlimits: { core: null }, autostart: false })
  t.match(ct.show(), { prlimits: { core: undefined, nofile: {} }, autostart: null })
  await ct.delete({ force: true })
})

await t.test('what is in force already does not wait', async (t) => {
  const ct = await startedContainer(host, { id: 'same', nesting: true, prlimits: { core: 0 } })
  const none = { pending: [], unusedCgparams: [] }
  t.match(await ct.set({ nesting: true, prlimits: { core: 0 }, rawLxc: null }), none)
  t.match(await ct.set({ initCmd: ['/bin/sh'], nesting: false }), {
    pending: ['initCmd', 'nesting'],
  })
  t.match(await ct.set({ nesting: false }), { pending: ['nesting'] }, 'it still does')
  t.match(await ct.set({ nesting: true }), { applied: ['nesting'], ...none })
  t.same(ct.show().pending, ['initCmd'])
  t.match(await ct.unset('initCmd'), { applied: ['initCmd'], ...none })
  t.same(ct.show().pending, [])
  await ct.delete({ force: true })
})

await t.test('another kind of init is that of the next run', async (t) => {
  const ct = await startedContainer(host, { id: 'kinds' })
  const script = `#!/bin/sh
trap 'exit 0' 37
trap 'kill -9 1' 39
while :; do sleep 100 & wait; done
`
  await ct.push('/systemd', script, { mode: 0o755 })
  t.match(await ct.set({ initCmd: ['/systemd'] }), { pending: ['initCmd'] })
  t.match(await ct.wait('ready'), { by: 'running' }, 'what runs says nothing')
  await ct.reboot()
  t.equal((await ct.exec(['test', '-S', '/run/host/notify'])).exitCode, 0)
  await t.rejects(ct.wait('ready', { timeout: 200 }), { code: 'ERR_TIMEOUT' })
  t.match(await ct.unset('initCmd'), { pending: ['initCmd'] })
  await t.rejects(ct.wait('ready', { timeout: 200 }), { code: 'ERR_TIMEOUT' }, 'it runs still')
  t.match(await ct.stop({ method: 'shutdown_or_fail' }), { rung: 'shutdown' })
  await ct.start()
  t.match(await ct.wait('ready'), { by: 'running' })
  await ct.delete({ force: true })
})

await t.test('what is set beside a start waits, or is in force', async (t) => {
  const ct = await host.containers.create({
    id: 'beside',
    image: busybox,
    prlimits: { nofile: 2000 },
  })
  const limit = async () => (await ct.exec(['sh', '-c', 'ulimit -n'])).stdout.trim()
  for (const ms of [0, 2, 4, 6, 8, 12]) {
    const starting = ct.start()
    await new Promise((resolve) => setTimeout(resolve, ms))
    await ct.set({ prlimits: { nofile: 3000 } })
    await starting
    const waits = ct.show().pending.includes('prlimits')
    t.equal(await limit(), waits ? '2000' : '3000', `after ${ms} ms`)
    await ct.reboot()
    t.equal(await limit(), '3000', 'a reboot takes it')
    t.same(ct.show().pending, [])
    await ct.stop({ method: 'kill' })
    await ct.set({ prlimits: { nofile: 2000 } })
  }
  await ct.delete()
})

await t.test('parameters without a value that takes them back', async (t) => {
  if (!v1) return t.comment('of v2, there are none that are used here')
  const ct = await startedContainer(host, { id: 'stuck' })
  const shares = async () => (await cgroups.dir(ct.show().cgroup).read('cpu', 'cpu.shares')).trim()
  const param = (name: string, value: number) => ({ version: 1 as const, name, value })
  const was = await shares()
  const bad = [param('cpu.shares', 333), param('memory.swappiness', 7000)]
  await t.rejects(ct.set({ cgparams: bad }), { code: 'EINVAL' })
  t.equal(await shares(), was, 'as it was')
  t.same(ct.show().pending, [])
  await ct.set({ cgparams: [param('cpu.shares', 512)] })
  t.match(await ct.set({ cgparams: [] }), { pending: ['cgparams'] })
  t.match(await ct.set({ cgparams: [param('cpu.shares', 700)] }), { applied: ['cgparams'] })
  t.same(ct.show().pending, [], 'one that is set again does not wait')
  await ct.delete({ force: true })
})

await t.test('a stopped container has nothing that waits', async (t) => {
  const ct = await host.containers.create({ id: 'three', image: busybox })
  t.same(await ct.set({ nesting: true, memoryLimit: MiB * 50 }), {
    applied: ['memoryLimit', 'nesting'],
    pending: [],
    unusedCgparams: [],
  })
  t.match(ct.show(), { nesting: true, memoryLimit: 50 * MiB, pending: [] })
  await ct.delete()
})

await t.test('hostname and resolvers, running and stopped', async (t) => {
  const ct = await host.containers.create({
    id: 'four',
    image: busybox,
    hostname: 'first.example.org',
    dnsResolvers: ['192.0.2.1', '2001:db8::1'],
  })
  const read = async (path: string) => {
    const chunks: Buffer[] = []
    for await (const chunk of await ct.pull(path)) chunks.push(chunk as Buffer)
    return Buffer.concat(chunks).toString()
  }
  t.equal(await read('/etc/hostname'), 'first\n')
  t.match(await read('/etc/hosts'), /^127\.0\.0\.1 first\.example\.org first$/m)
  t.equal(
    await read('/etc/resolv.conf'),
    'nameserver 192.0.2.1\nnameserver 2001:db8::1\noptions edns0\n',
  )
  await ct.set({ hostname: 'second.example.org' })
  t.equal(await read('/etc/hostname'), 'second\n')
  await ct.start()
  t.equal((await ct.exec(['hostname'])).stdout, 'second\n')
  t.equal((await ct.exec(['hostname'], { env: {} })).stdout, 'second\n')
  await ct.set({ hostname: 'third', dnsResolvers: ['192.0.2.9'] })
  t.equal((await ct.exec(['hostname'])).stdout, 'third\n')
  t.notMatch(await read('/etc/hosts'), /second/)
  t.match(await read('/etc/resolv.conf'), /192\.0\.2\.9/)
  await ct.exec(['chmod', 'u-w', '/etc/hostname'])
  await ct.set({ hostname: 'fourth' })
  t.equal(await read('/etc/hostname'), 'third\n', 'a file that its owner may not write is kept')
  t.equal((await ct.exec(['hostname'])).stdout, 'fourth\n')
  await ct.unset('hostname')
  t.equal((await ct.exec(['hostname'])).stdout, 'four\n')
  const long = `${'a'.repeat(63)}.example.org`
  await ct.set({ hostname: long })
  t.match(ct.show(), { hostname: long, utsName: 'a'.repeat(63) })
  t.equal((await ct.exec(['hostname'])).stdout, `${'a'.repeat(63)}\n`)
  await ct.delete({ force: true })
})

await t.test('a guest that cannot be named anew keeps its name, and everything else', async (t) => {
  const ct = await startedContainer(host, { id: 'own', hostname: 'before', pidsLimit: 50 })
  const conf = join(root, 'conf/ct/own.yml')
  const before = await readFile(conf, 'utf8')
  const sh = async (script: string) => (await ct.exec(['sh', '-c', script], { cwd: '/' })).stdout
  await sh('rm -f /etc/hosts /etc/resolv.conf; mkdir /etc/hosts; echo mine >/etc/hostname')
  await t.rejects(ct.set({ hostname: 'after', dnsResolvers: ['192.0.2.1'] }), { code: 'EISDIR' })
  t.match(ct.show(), { hostname: 'before', dnsResolvers: null })
  t.equal(await sh('cat /etc/hostname; ls /etc/resolv.conf 2>/dev/null'), 'mine\n')
  await sh('rmdir /etc/hosts; mv /etc /was; : > /etc')
  await t.rejects(ct.set({ hostname: 'after', pidsLimit: 20 }), { code: 'ENOTDIR' })
  t.match(ct.show(), { hostname: 'before', pidsLimit: 50 })
  t.equal(await sh('cat /proc/sys/kernel/hostname'), 'before\n')
  t.equal((await cgroups.dir(ct.show().cgroup).read('pids', 'pids.max')).trim(), '50')
  t.match(
    await readFile(conf, 'utf8'),
    before,
    'what is missing is made good by who opens the host',
  )
  await sh('rm /etc; mv /was /etc')
  await ct.set({ hostname: 'after' })
  t.equal(await sh('cat /etc/hostname'), 'after\n')
  await ct.delete({ force: true })
})

await t.test('changes at the same time do not lose one another', async (t) => {
  const ct = await startedContainer(host, { id: 'five' })
  await Promise.all([
    ct.set({ memoryLimit: '64 MiB' }),
    ct.set({ cpuLimit: 50 }),
    ct.set({ hostname: 'five.example.org' }),
    ct.set({ pidsLimit: 30 }),
  ])
  t.match(ct.show(), {
    memoryLimit: 64 * MiB,
    cpuLimit: 50,
    hostname: 'five.example.org',
    pidsLimit: 30,
  })
  await ct.delete({ force: true })
})

await t.test('a limit that the kernel refuses changes nothing', async (t) => {
  const ct = await startedContainer(host, { id: 'six', memoryLimit: '64 MiB' })
  const param = v1 ? 'memory.swappiness' : 'memory.high'
  await t.rejects(ct.set({ cgparams: [{ version, name: param, value: 'lots' }], cpuLimit: 50 }), {
    code: 'EINVAL',
  })
  t.match(ct.show(), { memoryLimit: 64 * MiB, cpuLimit: null })
  const pids = async () => (await cgroups.dir(ct.show().cgroup).read('pids', 'pids.max')).trim()
  t.equal(await pids(), 'max')
  if (v1) {
    await ct.exec(['sh', '-c', 'head -c 30000000 /dev/zero >/dev/shm/much'])
    await t.rejects(ct.set({ pidsLimit: 20, memoryLimit: '4 MiB' }), {
      code: 'ERR_INVALID_ARGUMENT',
      argument: 'set.memoryLimit',
      cause: { code: 'EBUSY' },
    })
    t.equal(await pids(), 'max', 'what was in force is taken back')
  }
  for (const bad of [
    { memoryLimit: -1 },
    { memoryLimit: '1 PB' },
    { memoryLimit: 2 ** 52 },
    { cpuLimit: 1e6 },
    { pidsLimit: 2 ** 40 },
    { rawLxc: 'lxc.hook.start = /x' },
    { hostname: 'a b' },
    { nonsense: true } as object,
  ]) {
    await t.rejects(ct.set(bad), { code: 'ERR_INVALID_ARGUMENT' }, JSON.stringify(bad))
  }
  t.match(ct.show(), { memoryLimit: 64 * MiB, rawLxc: null, hostname: null })
  await ct.delete({ force: true })
})
