// What is told of the processes of containers, by those who run in them and by the kernel.
import { existsSync, readFileSync } from 'node:fs'
import { spawn } from 'node:child_process'
import type { ProcessInfo } from 'vpsadminos'
import { Cgroups } from '../../../dist/cgroup/cgroups.js'
import { rowsOf } from '../../../dist/process/table.js'
import { temporaryHost, startedContainer } from '../../helpers/host.js'
import { until } from '../../helpers/keeper-host.js'
import { requires } from '../../helpers/requires.js'

const t = requires('root', 'userns', 'cgroup', 'liblxc', 'busybox')
const host = await temporaryHost(t)
// On v2 alone a container has no more cgroups than are looked at, unless somebody says otherwise.
const more = { rawLxc: 'lxc.cgroup2.cgroup.max.descendants = 20000\n' }
const alone = existsSync('/sys/fs/cgroup/cgroup.controllers')
const ct = await startedContainer(host, { id: 'web1', ...(alone ? more : {}) })
const other = await startedContainer(host, { id: 'db1' })

const named = async (name: string): Promise<ProcessInfo> => {
  let found: ProcessInfo | undefined
  await until(async () => {
    found = (await ct.processes()).find((one) => one.name === name)
    return found !== undefined
  })
  return found as ProcessInfo
}

await t.test('its init, as itself and the host see it', async (t) => {
  const all = await ct.processes()
  const init = all.find(({ containerPid }) => containerPid === 1)
  const [root] = ct.user.uidMap
  t.match(init, {
    pool: 'tank',
    container: 'web1',
    pid: ct.show().initPid,
    state: /^[SR]$/,
    ruid: root?.hostId,
    containerRuid: 0,
    containerEuid: 0,
    containerRgid: 0,
    containerEgid: 0,
    name: 'init',
    command: /init/,
  })
  t.ok(init !== undefined && init.vmsize >= init.rss && init.rss > 0)
  t.ok(Math.abs(Date.now() - (init?.startedAt ?? 0)) < 600_000)
  t.ok(
    all.every(({ container }) => container === 'web1'),
    'and none of another one',
  )
})

await t.test('a program that was begun later, with another user', async (t) => {
  await using session = await ct.spawn(['sleep', '1000'], { user: 1000 })
  const one = await named('sleep')
  t.match(one, {
    pid: session.pid,
    containerEuid: 1000,
    containerRuid: 1000,
    command: 'sleep 1000',
    cpuMs: Number,
  })
  t.ok((one.containerPid ?? 0) > 1, 'its own number')
  const [user] = ct.user.uidMap
  t.equal(one.euid, (user?.hostId ?? 0) + 1000)
})

await t.test('names and arguments that a terminal would obey are told as they are', async (t) => {
  const script = 'printf "a) R 1 (b\\n\\033[2J" > /proc/self/comm; read x'
  await using _session = await ct.spawn(['sh', '-c', script, '\x1b[31mred\n\u202egnp', '\xff\x80'])
  const look = () => named('a) R 1 (b\n\x1b[2J')
  await until(async () => (await look()).state === 'S') // it reads when it has its name
  const one = await look()
  t.ok(one.command?.includes('\x1b[31mred\n\u202egnp'))
})

await t.test('a long command line is cut', async (t) => {
  await using _session = await ct.spawn(['sleep', ...Array<string>(3000).fill('1000')])
  const one = await named('sleep')
  const { length } = one.command ?? ''
  t.ok(length <= 4096 && length > 4000, String(length))
})

await t.test('one that has ended and is not collected does no harm', async (t) => {
  const script = 'sleep 0 & exec sleep 1000'
  await using _session = await ct.spawn(['sh', '-c', script])
  await named('sleep')
  let dead: ProcessInfo | undefined
  await until(async () => {
    const all = await host.processes({ host: true })
    dead = all.find(({ state, name }) => state === 'Z' && name === 'sleep')
    return dead !== undefined
  })
  t.match(dead, { command: '', rss: 0 })
  t.notOk((await ct.processes()).some(({ state }) => state === 'Z'))
  t.same(
    (await host.processes())
      .filter(({ pid }) => pid === dead?.pid)
      .map(({ container }) => container),
    dead?.container == null ? [] : ['web1'],
    'among those of all, as far as the kernel still tells whose it is',
  )
})

await t.test('below cgroups of the guest, and more of these than there may be', async (t) => {
  const deep = await host.processes({ containers: ['web1'] })
  t.ok(deep.length > 0)
  const script = `
    cd /tmp && mkdir -p cg && for type in cgroup2 cgroup; do
      mount -t $type -o none,name=systemd none cg 2>/dev/null || mount -t $type none cg 2>/dev/null && break
    done
    cd cg && mkdir -p inner/deeper && echo $$ > inner/deeper/cgroup.procs
    mkdir many && seq 4200 | sed s,^,many/, | xargs mkdir
    echo ready; exec sleep 2000`
  await using session = await ct.spawn(['sh', '-c', script])
  let text = ''
  session.stdout.on('data', (chunk) => (text += String(chunk)))
  session.stderr?.resume()
  await until(() => text.includes('ready'))
  let found: readonly ProcessInfo[] = []
  await until(async () => {
    found = await ct.processes()
    return found.some(({ command }) => command === 'sleep 2000')
  })
  t.ok(found.every(({ container }) => container === 'web1'))
})

await t.test('by the hierarchies of either version alone', async (t) => {
  await using mounted = Cgroups.mounted()
  for (const version of [1, 2]) {
    const list = mounted.hierarchies.filter((one) => one.version === version)
    if (list.length === 0) continue
    await using cgroups = Cgroups.at(list)
    const inside = rowsOf(await cgroups.processes([ct.show().cgroup], true))
    const [init] = rowsOf(
      await cgroups.processesByPid([ct.show().cgroup], [ct.show().initPid ?? 0], true),
    )
    t.match(init, { cgroup: 0, innerPid: 1 }, `v${version}`)
    t.ok(inside.some(({ pid, startTicks }) => pid === init?.pid && startTicks === init.startTicks))
  }
})

await t.test('of several containers, of all, and of the host', async (t) => {
  const ours = (all: readonly ProcessInfo[]) => new Set(all.map(({ container }) => container))
  t.same(ours(await host.processes()), new Set(['db1', 'web1']))
  t.same(ours(await host.processes({ containers: ['tank:db1'] })), new Set(['db1']))
  t.same(await host.processes({ containers: [] }), [])
  const whole = await host.processes({ containers: ['db1'], host: true, commands: false })
  t.same(ours(whole), new Set(['db1', null]))
  t.match(
    whole.find(({ pid }) => pid === process.pid),
    {
      pool: null,
      container: null,
      containerPid: null,
      containerRuid: null,
      ruid: 0,
      command: '',
      parentPid: process.ppid,
    },
  )
  await t.rejects(host.processes({ containers: ['none'] }), { code: 'ERR_NOT_FOUND' })
  await t.rejects(host.processes({ containers: 1 as never }), { code: 'ERR_INVALID_ARGUMENT' })
  await t.rejects(host.processes({ x: 1 } as never), { code: 'ERR_INVALID_ARGUMENT' })
  await t.rejects(ct.processes({ commands: 1 as never }), { code: 'ERR_INVALID_ARGUMENT' })
})

await t.test('whose they are', async (t) => {
  const init = other.show().initPid as number
  const none = Number(readFileSync('/proc/sys/kernel/pid_max', 'utf8')) + 1
  const [one, self, nobody, again] = await host.processesByPid([init, process.pid, none, init])
  t.match(one, { pool: 'tank', container: 'db1', pid: init, containerPid: 1, name: 'init' })
  t.match(self, { container: null, pid: process.pid })
  t.equal(nobody, null)
  t.same(again, one)
  await t.rejects(host.processesByPid([0]), { code: 'ERR_INVALID_ARGUMENT' })
  await t.rejects(host.processesByPid([1.5]), { code: 'ERR_INVALID_ARGUMENT' })
})

await t.test('thousands of them, of which some come and go', async (t) => {
  const script = `i=0; while [ $i -lt 1000 ]; do sleep 3000 & i=$((i + 1)); done
    echo ready; while true; do sleep 0.01; done`
  await using session = await other.spawn(['sh', '-c', script])
  let text = ''
  session.stdout.on('data', (chunk) => (text += String(chunk)))
  await until(() => text.includes('ready'))
  const sleeping = async () =>
    (await other.processes()).filter(({ command }) => command === 'sleep 3000').length
  // The last ones are still the shell's forks.
  await until(async () => (await sleeping()) === 1000)
  for (let round = 0; round < 5; round++) t.equal(await sleeping(), 1000)
  await other.stop({ method: 'kill' })
  t.same(await other.processes(), [], 'none when it does not run')
})

await t.test('signals reach those that are meant, and no other', async (t) => {
  await using session = await ct.spawn(['sleep', '1000'])
  const one = await named('sleep')
  const outside = spawn('sleep', ['1000'])
  t.teardown(() => outside.kill('SIGKILL'))
  const [stranger] = await host.processesByPid([outside.pid as number])
  const gone = { pid: 2 ** 31 - 1, startTicks: 0 }
  const former = { ...one, startTicks: one.startTicks - 1 }
  const meant = (all: readonly ProcessInfo[]) =>
    all.map(({ pid, startTicks }) => ({ pid, startTicks }))
  t.same(
    await ct.signalProcesses([gone, ...meant([stranger as ProcessInfo, former])], 'SIGKILL'),
    [],
  )
  await t.rejects(ct.signalProcesses(meant([one]), 'SIGNONE' as never), {
    code: 'ERR_UNKNOWN_SIGNAL',
  })
  await t.rejects(ct.signalProcesses([{ pid: 0, startTicks: 0 }], 'SIGKILL'), {
    code: 'ERR_INVALID_ARGUMENT',
  })
  t.same(await ct.signalProcesses(meant([one, one]), 'SIGTERM'), [one.pid])
  t.match(await session.exit, { signal: 'SIGTERM' })
  t.equal(outside.exitCode, null)
})

await t.test('given up, before and in the middle', async (t) => {
  const signal = AbortSignal.abort(new Error('enough'))
  await t.rejects(ct.processes({ signal }), { message: 'enough' })
  await t.rejects(host.processes({ signal }), { message: 'enough' })
  await t.rejects(host.processesByPid([1], { signal }), { message: 'enough' })
  await t.rejects(ct.signalProcesses([], 'SIGKILL', { signal }), { message: 'enough' })
  const later = new AbortController()
  const listing = ct.processes({ signal: later.signal })
  later.abort(new Error('meanwhile'))
  await t.rejects(listing, { message: 'meanwhile' })
})
