// What the daemon is asked for it does, and says; what is wrong is told with its reason.
import { statSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { pino } from 'pino'
import { calls } from '../../../dist/daemon/api.js'
import { Daemon } from '../../../dist/daemon/daemon.js'
import { PoolSuspendedError } from '../../../dist/host/errors.js'
import { Client, daemonPlace } from '../../helpers/daemon.js'
import { busyboxImage, first } from '../../helpers/host.js'
import { settled, until } from '../../helpers/keeper-host.js'
import { requires } from '../../helpers/requires.js'
import { upTo } from '../../helpers/time.js'

const t = requires('root', 'userns', 'liblxc', 'cgroup', 'busybox')
const options = await daemonPlace(t)
const daemon = await Daemon.open(options, pino({ level: 'silent' }))
t.teardown(() => daemon.close())
await daemon.begun
const client = new Client(options.socket)
const image = { distribution: 'busybox' }

await t.test('its socket is for root alone', async (t) => {
  const { mode, uid } = statSync(options.socket)
  t.equal(mode & 0o777, 0o600)
  t.equal(uid, 0)
})

await t.test('the life of a container', async (t) => {
  const seen: string[] = []
  const events = client.lines('GET /v1/events')
  const watching = first(events, (event) => {
    seen.push([event['type'], event['state']].filter(Boolean).join(' '))
    return event['type'] === 'deleted'
  })
  const created = await client.ask('POST /v1/containers', { id: 'web', image })
  t.match(created, { status: 200, body: { pool: 'tank', id: 'web', state: 'stopped' } })
  t.match(await client.ask(`POST /v1/containers/web/start?timeout=${upTo(30_000)}`), {
    status: 200,
    body: { initPid: Number },
  })
  const ran = await client.ask('POST /v1/containers/tank:web/exec', {
    args: ['sh', '-c', 'cat; echo no >&2; exit 3'],
    stdin: 'yes',
  })
  t.match(ran, { status: 200, body: { stdout: 'yes', stderr: 'no\n', exitCode: 3 } })
  t.match(await client.ask('GET /v1/containers?state=running'), { body: [{ id: 'web' }] })
  t.same((await client.ask('GET /v1/containers?state=frozen')).body, [])
  t.match(await client.ask('PATCH /v1/containers/web', { memoryLimit: '64 MiB' }), {
    status: 200,
  })
  t.match(await client.ask('GET /v1/containers/web'), { body: { memoryLimit: 64 * 2 ** 20 } })
  t.match((await client.ask('GET /v1/stats')).body, { 'tank:web': { pids: Number } })
  t.match((await client.ask('GET /v1/host/load?processes=true&iostat=false')).body, {
    atUs: Number,
    processes: { S: Number },
    containers: [{ pool: 'tank', id: 'web', cpuUs: Number }],
  })
  t.equal((await client.ask('POST /v1/containers/web/freeze')).status, 204)
  t.equal((await client.ask('POST /v1/containers/web/thaw')).status, 204)
  t.match(await client.ask('POST /v1/containers/web/stop?method=kill'), {
    body: { rung: 'kill' },
  })
  const { body } = await client.ask('DELETE /v1/containers/web')
  t.match(body, { id: 'web', leftovers: [] })
  await watching
  const states = [
    'created',
    'state starting',
    'state running',
    'changed',
    'state stopped',
    'deleted',
  ]
  t.same(
    seen.filter((word) => states.includes(word)),
    states,
  )
  t.match(await client.ask('GET /v1/host/history?last=1'), {
    body: [{ pool: 'tank', cmd: 'ct_delete', opts: { id: 'web', pool: 'tank' } }],
  })
})

await t.test('id-ranges, users and groups', async (t) => {
  const range = { name: 'more', startId: 4_000_000_000, blockSize: 65536, blockCount: 4 }
  t.match(await client.ask('POST /v1/id-ranges', range), { status: 200, body: { name: 'more' } })
  t.match(await client.ask('POST /v1/id-ranges/more/allocate', { owner: 'me' }), {
    body: { blockIndex: 0, blockCount: 1 },
  })
  t.match(await client.ask('GET /v1/id-ranges/more/table?type=allocated'), {
    body: [{ owner: 'me' }],
  })
  t.equal((await client.ask('DELETE /v1/id-ranges/more')).status, 409)
  t.match(await client.ask('POST /v1/id-ranges/more/free', { owner: 'me' }), { status: 200 })
  t.equal((await client.ask('DELETE /v1/id-ranges/more')).status, 204)
  t.match(await client.ask('POST /v1/users', { name: 'bob' }), { body: { name: 'bob' } })
  t.match(await client.ask('PATCH /v1/users/bob', { standalone: false }), {
    body: { standalone: false },
  })
  t.equal((await client.ask('DELETE /v1/users/bob')).status, 204)
  t.match(await client.ask('POST /v1/groups', { path: '/a/b', parents: true }), { status: 200 })
  const group = encodeURIComponent('tank:/a/b')
  t.match(await client.ask(`PATCH /v1/groups/${group}`, { memoryLimit: '256 MiB' }), {
    body: { path: '/a/b', memoryLimit: 2 ** 28 },
  })
  t.equal((await client.ask(`DELETE /v1/groups/${group}`)).status, 204)
  t.equal((await client.ask(`DELETE /v1/groups/${encodeURIComponent('/a')}`)).status, 204)
})

await t.test('what is wrong is told', async (t) => {
  const wrong: [Parameters<Client['ask']>[0], unknown, number, object][] = [
    ['GET /v1/containers/none', undefined, 404, { code: 'ERR_NOT_FOUND', kind: 'container' }],
    ['GET /v1/none', undefined, 404, { code: 'ERR_NO_SUCH_CALL' }],
    ['GET /v1/containers?stat=running', undefined, 400, { argument: 'query.stat' }],
    ['GET /v1/containers?state=none', undefined, 400, { code: 'ERR_INVALID_ARGUMENT' }],
    ['POST /v1/containers', { id: 'a/b', image }, 400, { argument: 'body.id' }],
    ['POST /v1/containers', { id: 'a', imag: image }, 400, { argument: 'body.imag' }],
    ['POST /v1/containers', '{"id":', 400, { message: /JSON/, code: 'ERR_INVALID_ARGUMENT' }],
    ['POST /v1/containers', undefined, 400, { argument: 'body.id' }],
    ['POST /v1/containers', ' '.repeat(2 ** 20 + 1), 413, {}],
    ['POST /v1/containers/none/start?wait=soon', undefined, 400, { argument: 'query.wait' }],
    ['GET /v1/host/load?processes=yes', undefined, 400, { argument: 'query.processes' }],
    ['DELETE /v1/operations/none', undefined, 404, { kind: 'operation' }],
    ['GET /v1/events?epoch=a&seq=b', undefined, 400, { argument: 'query.seq' }],
  ]
  for (const [where, body, status, error] of wrong) {
    t.match(await client.ask(where, body), { status, body: { error } }, where)
  }
  t.match(await client.ask('GET /v1/ping'), { status: 200, body: { pong: true } })
})

await t.test('why a pool could not be looked at', async (t) => {
  const { driver } = daemon.host.pools.get('tank')
  driver.assertWorking = () => {
    throw new PoolSuspendedError('tank')
  }
  // That of its class is there again.
  t.teardown(() => Reflect.deleteProperty(driver, 'assertWorking'))
  const error = { code: 'ERR_POOL_SUSPENDED', message: /^zpool 'tank' is suspended/, path: 'tank' }
  for (const where of ['GET /v1/host/audit', 'POST /v1/host/recover'] as const) {
    const unseen = [{ pool: 'tank', error }]
    t.match(await client.ask(where), { status: 200, body: { unseen } }, where)
  }
})

await t.test('nothing waits any more for the body that it did not want', async (t) => {
  const timers = () => process.getActiveResourcesInfo().filter((type) => type === 'Timeout').length
  const before = await settled(timers, () => true)
  const refused = await client.ask('POST /v1/containers', ' '.repeat(2 ** 20 + 1))
  t.equal(refused.status, 413)
  t.equal(await settled(timers, (count) => count <= before), before, 'or its process would not end')
})

await t.test('files that are not there, and paths that cannot be read', async (t) => {
  t.match(await client.ask('POST /v1/containers', { id: 'files', image }), { status: 200 })
  for (const path of ['/none', '/etc/passwd/none'])
    t.match(await client.ask(`GET /v1/containers/files/files?path=${path}`), {
      status: 404,
      body: { error: { code: /^ENO(ENT|TDIR)$/ } },
    })
  for (const id of ['%zz', '%ff%fe'])
    t.match(await client.ask(`GET /v1/containers/${id}`), {
      status: 400,
      body: { error: { code: 'ERR_INVALID_ARGUMENT', message: String } },
    })
  await client.ask('DELETE /v1/containers/files')
})

await t.test('an operation is seen, and given up, by others and by who asked', async (t) => {
  await client.ask('POST /v1/containers', { id: 'slow', image })
  const headers = { 'operation-id': 'mine', 'osctl-command': 'osctl ct wait slow running' }
  const waiting = client.ask('GET /v1/containers/slow/wait?for=running', undefined, headers)
  const under = async () => (await client.ask('GET /v1/operations')).body as { id: string }[]
  const mine = async () => (await under()).find(({ id }) => id === 'mine')
  await until(async () => (await mine()) !== undefined)
  t.match(await mine(), { call: 'container.wait', command: 'osctl ct wait slow running' })
  t.match(await client.ask('GET /v1/containers/slow/wait?for=running', undefined, headers), {
    status: 409,
    body: { error: { code: 'ERR_EXISTS' } },
  })
  t.equal((await client.ask('DELETE /v1/operations/mine')).status, 204)
  t.match(await waiting, { status: 409, body: { error: { code: 'ERR_CANCELLED' } } })

  const gone = client.send(
    'GET /v1/containers/slow/wait?for=running',
    undefined,
    headers,
    (request) => setTimeout(() => request.destroy(), 100),
  )
  await t.rejects(gone, { code: 'ECONNRESET' })
  await until(async () => (await mine()) === undefined)
  t.pass('whoever goes away does not wait any more')
  await client.ask('DELETE /v1/containers/slow')
})

await t.test('how far an import of an image is', async (t) => {
  const said = []
  const body = { path: busyboxImage(t), distribution: 'again', version: '1' }
  for await (const line of client.lines('POST /v1/images', body)) said.push(line)
  t.match(said.at(-1), { result: { distribution: 'again' } })
  t.equal((await client.ask('DELETE /v1/images/none')).status, 404)
  const lost = []
  for await (const line of client.lines('POST /v1/images', { ...body, path: '/none' })) {
    lost.push(line)
  }
  t.same(lost.length, 1)
  t.match(lost.at(-1), { error: { code: 'ERR_IMAGE_SOURCE' } })
})

await t.test('all of it is described', async (t) => {
  const { body } = await client.ask('GET /v1/openapi.json')
  const { paths } = body as { paths: Record<string, Record<string, { operationId: string }>> }
  const described = Object.values(paths).flatMap((one) =>
    Object.values(one).map(({ operationId }) => operationId),
  )
  for (const { name } of calls) t.ok(described.includes(name), name)
  t.match(paths['/v1/containers/{container}/stop']?.['post'], {
    parameters: [{ in: 'query' }, {}, {}, { in: 'path', name: 'container' }],
  })
})

await t.test('it is closed while it is asked, and its containers go on', async (t) => {
  const made = await client.ask('POST /v1/containers', { id: 'stays', image })
  t.equal(made.status, 200)
  const started = await client.ask('POST /v1/containers/stays/start')
  const { initPid } = started.body as { initPid: number }
  const waiting = client.ask('GET /v1/containers/stays/wait?for=stopped').catch(() => null)
  const events = client.lines('GET /v1/events')
  const next = events.next().catch(() => ({ done: true }))
  await sleep(50)
  await daemon.close()
  t.match(await next, { done: true })
  await waiting
  await t.rejects(client.ask('GET /v1/ping'), { code: /ECONNREFUSED|ENOENT/ })
  await using again = await Daemon.open(options, pino({ level: 'silent' }))
  t.match(await client.ask('GET /v1/ping'), { status: 200 }, 'also before its pools are there')
  await again.begun
  t.match(await client.ask('GET /v1/status'), { body: { pools: { tank: { state: 'active' } } } })
  t.match(await client.ask('GET /v1/containers/stays'), { body: { state: 'running', initPid } })
  t.match(await client.ask('DELETE /v1/containers/stays?force=true'), { body: { leftovers: [] } })
})
