// One container from its making to its end, on the running kernel.
import { mkdtempSync, rmSync } from 'node:fs'
import { readFile, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { spawn, spawnSync } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { Cgroups } from '../../../dist/cgroup/cgroups.js'
import { busybox, busyboxImage, startedContainer, temporaryHost } from '../../helpers/host.js'
import { until } from '../../helpers/keeper-host.js'
import { requires } from '../../helpers/requires.js'
import { containersOn, withRootfs } from '../../helpers/storage.js'
import { upTo } from '../../helpers/time.js'

const t = requires('root', 'userns', 'liblxc', 'cgroup', 'busybox')
const host = await temporaryHost(t)
const image = busyboxImage(t)
const pool = host.pools.get('tank').show()

await t.test('create, start, ready, stop, delete', async (t) => {
  const ct = await host.containers.create({ id: 'one', image: busybox, memoryLimit: '64 MiB' })
  t.match(ct.show(), {
    pool: 'tank',
    id: 'one',
    user: 'one',
    group: '/default',
    distribution: 'busybox',
    state: 'stopped',
    init: 'busybox',
    initPid: null,
    memoryLimit: 64 * 2 ** 20,
  })
  t.equal(host.containers.get('tank:one'), ct)
  const started = await ct.start()
  t.match(ct.show(), { state: 'running', initPid: started.initPid })
  t.match(await ct.wait('ready'), { state: 'running', by: 'running' })
  t.equal((await stat(`/proc/${started.initPid}`)).uid, ct.user.uidMap[0]?.hostId)
  const info = spawnSync('lxc-info', ['-P', pool.lxcPath, '-n', 'one', '-sH'], { encoding: 'utf8' })
  t.equal(info.stdout.trim(), 'RUNNING', 'lxc-info sees it')
  t.match(await ct.stats(), { memoryLimit: 64 * 2 ** 20 })

  t.match(await ct.stop({ timeout: upTo(20_000) }), { rung: 'shutdown' })
  t.match(ct.show(), { state: 'stopped', initPid: null, exit: { reason: 'halt' } })
  t.match(await ct.stop(), { rung: 'none' })
  t.match(await ct.delete(), { id: 'one', leftovers: [] })
  t.same(host.containers.list(), [])
  t.same(host.users.list(), [], 'its user went with it')
  t.same(containersOn(pool), [])
  t.same((await host.audit()).leftovers, [])
  await t.rejects(ct.start(), { code: 'ERR_NOT_FOUND' })
})

await t.test('files on disk keep the ids of the container', async (t) => {
  const ct = await startedContainer(host, { id: 'ids' })
  await ct.exec(['sh', '-c', 'touch /root-file; touch /user-file; chown 1000:1001 /user-file'])
  await withRootfs(ct, async (path) => {
    t.match(await stat(join(path, 'root-file')), { uid: 0, gid: 0 })
    t.match(await stat(join(path, 'user-file')), { uid: 1000, gid: 1001 })
  })
  await ct.delete({ force: true })
})

await t.test('init is given time until it can obey', async (t) => {
  const handlers = "trap 'exit 3' TERM USR2 PWR; while :; do sleep 0.1; done"
  const ct = await startedContainer(host, {
    id: 'slow',
    initCmd: ['/bin/sh', '-c', `sleep 0.3; ${handlers}`],
  })
  t.match(await ct.stop({ timeout: upTo(20_000) }), { rung: 'shutdown' })
  t.match(ct.show(), { exit: { reason: 'exited', code: 3 } })
  const told = `until [ -e /obey ]; do sleep 0.1; done; ${handlers}`
  await ct.set({ initCmd: ['/bin/sh', '-c', told] })
  await ct.start()
  const reason = new Error('enough')
  await t.rejects(ct.stop({ signal: AbortSignal.abort(reason) }), reason)
  await t.rejects(ct.stop({ timeout: 20, method: 'shutdown_or_fail' }), {
    code: 'ERR_CONTAINER_STOP',
  })
  t.equal(ct.state, 'running')
  await ct.push('/obey', '')
  t.match(await ct.stop({ timeout: upTo(20_000) }), { rung: 'shutdown' })
  await ct.delete()
})

await t.test('what ends at once is not taken for one that is still ending', async (t) => {
  // Busy processors let the news of the end be here before the stop goes on.
  const burners = [0, 1].map(() => spawn('/bin/sh', ['-c', 'while :; do :; done']))
  t.teardown(() => burners.forEach((burner) => burner.kill('SIGKILL')))
  const ct = await host.containers.create({
    id: 'quick',
    image: busybox,
    initCmd: ['/bin/sh', '-c', "trap 'exit 0' TERM USR2 PWR; while :; do sleep 100 & wait; done"],
  })
  for (let round = 0; round < 20; round++) {
    await ct.start()
    t.match(await ct.stop({ timeout: upTo(10_000) }), { rung: 'shutdown' })
    t.equal(ct.state, 'stopped')
  }
  await ct.delete()
})

await t.test('init that does not obey is killed, and the answer says so', async (t) => {
  const ct = await startedContainer(host, {
    id: 'deaf',
    initCmd: ['/bin/sh', '-c', "trap '' TERM USR2 PWR; while :; do sleep 1; done"],
  })
  await t.rejects(ct.stop({ timeout: 200, method: 'shutdown_or_fail' }), {
    code: 'ERR_CONTAINER_STOP',
    timeoutMs: 200,
  })
  t.match(await ct.stop({ timeout: 200 }), { rung: 'kill' })
  t.match(ct.show(), { state: 'stopped', exit: { reason: 'signal', signal: 'SIGKILL' } })
  await ct.start()
  t.match(await ct.stop({ method: 'kill' }), { rung: 'kill' })
  await ct.delete()
})

await t.test('init that ends says how', async (t) => {
  const ct = await host.containers.create({
    id: 'seven',
    image: busybox,
    initCmd: ['/bin/sh', '-c', 'sleep 0.3; exit 7'],
  })
  await ct.start()
  await ct.wait('stopped', { timeout: upTo(10_000) })
  t.match(ct.show().exit, { reason: 'exited', code: 7 })
  await ct.delete()
})

await t.test('a start that fails says why and leaves nothing', async (t) => {
  const ct = await host.containers.create({ id: 'bad', image: busybox, initCmd: ['/no/such/init'] })
  await t.rejects(ct.start(), {
    code: 'ERR_CONTAINER_START',
    id: 'bad',
    log: /no\/such\/init/,
  })
  t.equal(ct.state, 'stopped')
  t.same((await host.audit()).leftovers, [])
  await ct.unset('initCmd')
  await ct.start()
  await ct.delete({ force: true })
})

await t.test('restart, and reboot from inside and outside', async (t) => {
  const ct = await startedContainer(host, { id: 'again' })
  const pid = () => ct.show().initPid
  const first = pid()
  t.match(await ct.restart({ timeout: upTo(20_000) }), { stop: { rung: 'shutdown' } })
  const second = pid()
  t.not(second, first)
  await ct.reboot({ timeout: upTo(30_000) })
  const third = pid()
  t.not(third, second)
  t.match(ct.show(), { state: 'running', exit: { reason: 'reboot' } })
  await ct.exec(['reboot'])
  for (let tries = 0; pid() === third && tries < upTo(300); tries++) {
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  await ct.wait('running', { timeout: upTo(20_000) })
  t.not(pid(), third)
  await ct.delete({ force: true })
})

await t.test('freeze and thaw', async (t) => {
  const ct = await startedContainer(host, { id: 'cold' })
  await ct.freeze()
  t.equal(ct.state, 'frozen')
  await ct.freeze()
  await t.rejects(ct.exec(['true']), { code: 'ERR_STATE', state: 'frozen' })
  await t.rejects(ct.stop({ method: 'shutdown_or_fail' }), { code: 'ERR_STATE' })
  await ct.thaw()
  t.equal(ct.state, 'running')
  t.match(await ct.exec(['true']), { exitCode: 0 })
  await ct.freeze()
  t.match(await ct.stop(), { rung: 'kill' }, 'a frozen one can only be killed')
  await t.rejects(ct.freeze(), { code: 'ERR_STATE' })
  await ct.delete()
})

await t.test('a freeze that is given up leaves nothing frozen', async (t) => {
  const ct = await startedContainer(host, { id: 'lukewarm' })
  const cgroups = Cgroups.mounted()
  const dir = cgroups.dir(ct.show().cgroup)
  let given = 0
  // The threads that freeze are busy in every other round: then it begins when nobody waits any more.
  for (let round = 0; round < 20; round++) {
    const busy = round % 2 === 0 ? Array.from({ length: 8 }, () => dir.frozen()) : []
    const giveUp = new AbortController()
    const freezing = ct.freeze({ signal: giveUp.signal })
    if (round % 4 > 1) setImmediate(() => giveUp.abort())
    else giveUp.abort()
    await freezing.then(
      () => ct.thaw(),
      () => given++,
    )
    t.equal(ct.state, 'running')
    await Promise.all(busy)
    await sleep(20)
    t.equal(await dir.frozen(), false, `round ${round}`)
  }
  t.comment(`${given} were given up`)
  t.ok(given > 0)
  cgroups.close()
  await ct.delete({ force: true })
})

await t.test('a kill that has to wait can be given up meanwhile', async (t) => {
  const ct = await startedContainer(host, { id: 'held' })
  // All 32 threads that kill are busy with what does not freeze: a directory, whose kernel says nothing.
  const notYet = { 'cgroup.freeze': '0', 'cgroup.events': 'populated 1\nfrozen 0\n' }
  const mountpoint = t.testdir({ a: notYet })
  const cgroups = Cgroups.at([{ version: 2, controllers: [], mountpoint }])
  const busy = Promise.allSettled(
    Array.from({ length: 32 }, () => cgroups.dir('a').freeze({ timeoutMs: upTo(30_000) })),
  ).then(() => 'waited')
  const giveUp = new AbortController()
  const stopping = ct.stop({ method: 'kill', signal: giveUp.signal })
  setTimeout(() => giveUp.abort(new Error('enough')), 50)
  const told = stopping.then(
    () => 'stopped',
    (error: unknown) => (error as Error).message,
  )
  t.equal(await Promise.race([told, busy]), 'enough')
  await writeFile(join(mountpoint, 'a/cgroup.events'), 'populated 1\nfrozen 1\n')
  await busy
  cgroups.close()
  await until(() => ct.state === 'stopped')
  t.pass('what was begun goes on')
  await ct.delete()
})

await t.test('one operation at a time, and the second is told which is the first', async (t) => {
  const ct = await host.containers.create({ id: 'busy', image: busybox })
  const starting = ct.start()
  t.match(host.locks(), [
    { resource: 'pool tank', holder: 'start of container tank:busy', mode: 'shared' },
    { resource: 'container tank:busy', holder: 'start', mode: 'exclusive', label: null },
  ])
  await t.rejects(ct.start(), { code: 'ERR_BUSY', holder: 'start' })
  await t.rejects(ct.delete({ force: true }), { code: 'ERR_BUSY', holder: 'start' })
  await starting
  t.same(host.locks(), [])
  await t.rejects(ct.start(), { code: 'ERR_STATE', state: 'running' })
  await t.rejects(ct.delete(), { code: 'ERR_STATE' })
  await ct.delete({ force: true })
})

await t.test('waiting ends: reached, timed out, aborted, or never to be reached', async (t) => {
  const ct = await host.containers.create({ id: 'wait', image: busybox })
  await t.rejects(ct.wait('ready'), { code: 'ERR_CONTAINER_ENDED' })
  await t.rejects(ct.wait('running', { timeout: 20 }), { code: 'ERR_TIMEOUT', timeoutMs: 20 })
  const reason = new Error('enough')
  await t.rejects(ct.wait('running', { signal: AbortSignal.abort(reason) }), reason)
  const controller = new AbortController()
  const waiting = ct.wait('running', { signal: controller.signal })
  controller.abort(reason)
  await t.rejects(waiting, reason)
  const running = ct.wait('running', { timeout: upTo(20_000) })
  await ct.start()
  t.match(await running, { state: 'running' })
  await ct.delete({ force: true })
})

await t.test('waiting ends with the container, and goes on through a rename', async (t) => {
  const ct = await host.containers.create({ id: 'doomed', image: busybox })
  const waiting = ct.wait('running', { timeout: upTo(20_000) })
  waiting.catch(() => undefined)
  await ct.rename('renamed')
  const renamed = ct.wait('running', { timeout: upTo(20_000) })
  await ct.start()
  t.match(await waiting, { state: 'running' })
  t.match(await renamed, { state: 'running' })
  await ct.stop({ method: 'kill' })

  const missing = { code: 'ERR_NOT_FOUND', kind: 'container', id: 'renamed' }
  const pending = [ct.wait('running'), ct.wait('frozen', { timeout: upTo(20_000) })]
  for (const promise of pending) promise.catch(() => undefined)
  await ct.delete()
  for (const promise of pending) await t.rejects(promise, missing)
  for (const target of ['running', 'stopped', 'ready'] as const) {
    await t.rejects(ct.wait(target, { timeout: upTo(20_000) }), missing)
  }
  t.throws(() => ct.show(), missing)
  t.throws(() => ct.console(), missing)
  await t.rejects(ct.exec(['true']), missing)
  await t.rejects(ct.kill(), missing)
})

await t.test('waiting ends with the export of the pool', async (t) => {
  const path = mkdtempSync(join(tmpdir(), 'pool-'))
  t.teardown(() => rmSync(path, { recursive: true, force: true }))
  await host.pools.install({ name: 'other', path })
  await host.images.import({ path: image, distribution: 'busybox', version: '1', pool: 'other' })
  const ct = await host.containers.create({ id: 'there', image: busybox, pool: 'other' })
  const waiting = ct.wait('running', { timeout: upTo(20_000) })
  waiting.catch(() => undefined)
  await host.pools.export('other')
  await t.rejects(waiting, { code: 'ERR_STATE', state: 'exported' })
})

await t.test('a frozen one is not ready before it is thawed', async (t) => {
  const ct = await startedContainer(host, { id: 'ice' })
  await ct.freeze()
  await t.rejects(ct.wait('ready', { timeout: 50 }), { code: 'ERR_TIMEOUT' })
  t.equal(ct.show().ready, false)
  const waiting = ct.wait('ready', { timeout: upTo(20_000) })
  await ct.thaw()
  t.match(await waiting, { state: 'running', by: 'running' })
  t.equal(ct.show().ready, true)
  await ct.freeze()
  const doomed = ct.wait('ready', { timeout: upTo(20_000) })
  doomed.catch(() => undefined)
  await ct.kill()
  await t.rejects(doomed, { code: 'ERR_CONTAINER_ENDED' })
  await ct.delete({ force: true })
})

await t.test('a start that is aborted is undone', async (t) => {
  const ct = await host.containers.create({ id: 'abort', image: busybox })
  const reason = new Error('enough')
  await t.rejects(ct.start({ signal: AbortSignal.abort(reason) }), reason)
  const controller = new AbortController()
  const starting = ct.start({ signal: controller.signal })
  setTimeout(() => controller.abort(reason), 2)
  const outcome = await starting.catch((error: unknown) => error)
  if (outcome === reason) {
    t.equal(ct.state, 'stopped')
    t.same((await host.audit()).leftovers, [])
    await ct.start()
  }
  t.equal(ct.state, 'running')
  await ct.delete({ force: true })
})

await t.test('the limits of the host are told, not hidden', async (t) => {
  const ct = await host.containers.create({
    id: 'limits',
    image: busybox,
    prlimits: { nofile: { soft: 100, hard: 'unlimited' }, core: 0 },
  })
  const { clamped } = await ct.start()
  t.match(clamped, [{ name: 'nofile', wanted: 'unlimited' }])
  t.same(ct.show().clampedPrlimits, clamped)
  const limits = await readFile(`/proc/${ct.show().initPid}/limits`, 'utf8')
  t.match(limits, new RegExp(`^Max open files +100 +${clamped[0]?.applied} `, 'm'))
  t.match(limits, /^Max core file size +0 +0 /m)
  await ct.delete({ force: true })
})
