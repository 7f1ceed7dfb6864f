// Random operations on things that they share, many at once, some of them given up, some that wait for
// others: all of them end, with an answer that makes sense, and what is left is as its files say.
//
// SEED=… runs the same operations again.
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Host, type OperationOptions } from 'vpsadminos'
import { differences, stateOf } from '../helpers/host-state.js'
import { busyboxArchive, lastingHost } from '../helpers/system.js'
import { requires } from '../helpers/requires.js'
import { upTo } from '../helpers/time.js'

const t = requires('root', 'userns', 'liblxc', 'cgroup', 'busybox', 'tar')
const seed = Number(process.env['SEED'] ?? Date.now() % 2 ** 31)
t.comment(`SEED=${seed}`)

// Mulberry32: small, and the same everywhere.
let state = seed
function random(): number {
  state = (state + 0x6d2b79f5) | 0
  let n = Math.imul(state ^ (state >>> 15), 1 | state)
  n = (n + Math.imul(n ^ (n >>> 7), 61 | n)) ^ n
  return ((n ^ (n >>> 14)) >>> 0) / 2 ** 32
}
function pick<T>(list: readonly [T, ...T[]]): T {
  return list[Math.floor(random() * list.length)] ?? list[0]
}

/** Whatever hangs does so for longer. */
const ROUNDS = 15
const AT_ONCE = 60
const DEADLINE_MS = upTo(120_000)

const options = lastingHost(t)
const other = { name: 'other', path: join(options.stateDir, '../other') }
const archive = await busyboxArchive(t)
let host = await Host.open(options)
t.teardown(() => host.close())
await host.pools.install(options.pools[0])
await host.pools.install(other)
for (const pool of ['tank', 'other']) {
  await host.images.import({ path: archive, distribution: 'busybox', version: '1', pool })
}

const signalOf = ({ signal }: OperationOptions) => ({ signal })
const image = { distribution: 'busybox' }
const ids = ['a', 'b', 'c'] as const
const groups = ['/x', '/x/y', '/z'] as const
const users = ['u', 'v'] as const
const pool = () => pick(['tank', 'tank', 'tank', 'other'])
/** Mostly one that is there. */
function some<T>(there: readonly T[], otherwise: T): T {
  return random() < 0.9 ? (there[Math.floor(random() * there.length)] ?? otherwise) : otherwise
}
const ct = () => {
  const there = host.containers.list().map(({ pool, id }) => `${pool}:${id}`)
  return host.containers.get(some(there, `${pool()}:${pick(ids)}`))
}
const group = () => {
  const there = host.groups.list().filter(({ path }) => path !== '/' && path !== '/default')
  return some(
    there.map(({ pool, path }) => `${pool}:${path}`),
    `${pool()}:${pick(groups)}`,
  )
}
const user = () =>
  some(
    host.users.list().map(({ pool, name }) => `${pool}:${name}`),
    `${pool()}:${pick(users)}`,
  )

const operations: readonly [Operation, ...Operation[]] = [
  ['create', (given) => host.containers.create({ id: pick(ids), pool: pool(), image }, given)],
  [
    'create for a user, in a group',
    (given) =>
      host.containers.create(
        { id: pick(ids), pool: pool(), image, user: pick(users), group: pick(groups) },
        given,
      ),
  ],
  ['delete', (given) => ct().delete({ force: true, ...given })],
  ['start', (given) => ct().start(given)],
  ['kill', (given) => ct().stop({ method: 'kill', ...given })],
  ['restart', (given) => ct().restart({ method: 'kill', ...given })],
  ['freeze', (given) => ct().freeze(given)],
  ['thaw', (given) => ct().thaw(given)],
  ['rename', (given) => ct().rename(pick(ids), given)],
  ['set', (given) => ct().set({ memoryLimit: pick(['64 MiB', '96 MiB']) }, given)],
  ['set names', (given) => ct().set({ hostname: pick(['one', 'two']) }, given)],
  ['push', (given) => ct().push('/pushed', 'x'.repeat(1000), signalOf(given))],
  ['pull', async (given) => (await ct().pull('/etc/hosts', signalOf(given))).resume()],
  ['exec', (given) => ct().exec(['true'], { signal: given.signal, timeout: 5000 })],
  ['create a user', (given) => host.users.create({ name: pick(users), pool: pool() }, given)],
  ['delete a user', (given) => host.users.get(user()).delete(given)],
  [
    'create a group',
    (given) => host.groups.create({ path: pick(groups), pool: pool(), parents: true }, given),
  ],
  ['set a group', (given) => host.groups.get(group()).set({ memoryLimit: '256 MiB' }, given)],
  ['delete a group', (given) => host.groups.get(group()).delete(given)],
  [
    'create an id-range',
    (given) =>
      host.idRanges.create(
        { name: 'few', pool: pool(), startId: 3_050_000_000, blockSize: 65536, blockCount: 4 },
        given,
      ),
  ],
  ['allocate', (given) => host.idRanges.get(`${pool()}:few`).allocate({ owner: 'me' }, given)],
  ['free', (given) => host.idRanges.get(`${pool()}:few`).free({ owner: 'me' }, given)],
  ['delete an id-range', (given) => host.idRanges.get(`${pool()}:few`).delete(given)],
  ['export', (given) => host.pools.export('other', given)],
  ['import', (given) => host.pools.import(other, given)],
  ['audit', (given) => host.audit(given)],
]
type Operation = [name: string, run: (given: OperationOptions) => Promise<unknown>]

/** What may come of an operation that others are in the way of. Anything else is a mistake. */
const expected = new Set<unknown>([
  ...['ERR_BUSY', 'ERR_EXISTS', 'ERR_IN_USE', 'ERR_NOT_FOUND', 'ERR_STATE', 'ERR_UNSUPPORTED'],
  ...['ERR_ID_RANGE_EXHAUSTED', 'ERR_ID_OVERLAP', 'ERR_CONTAINER_START'],
  // Of a freezer of v1 that has not come to its end in ten seconds, with so much going on.
  'ETIMEDOUT',
  // Of a program whose container was frozen meanwhile.
  'ERR_TIMEOUT',
])

const mistakes: string[] = []

async function one(): Promise<string> {
  const [name, run] = pick(operations)
  const controller = new AbortController()
  const mode = random()
  const given = {
    label: name,
    signal: controller.signal,
    ...(mode < 0.5 ? { wait: pick([50, 5000, 20_000]) } : {}),
  }
  const gone = mode > 0.8 || mode < 0.1 ? sleep(random() * 200) : null
  void gone?.then(() => controller.abort())
  await sleep(random() * 300)
  try {
    await run(given)
    return 'done'
  } catch (error) {
    if (error === controller.signal.reason) return 'given up'
    const code = error instanceof Error && 'code' in error ? error.code : null
    if (!expected.has(code)) mistakes.push(`${name}: ${(error as Error).stack}`)
    return String(code)
  }
}

for (let round = 0; round < ROUNDS; round++) {
  await t.test(`round ${round}`, async (t) => {
    const came: Record<string, number> = {}
    const all = Promise.all(
      Array.from({ length: AT_ONCE }, async () => {
        const outcome = await one()
        came[outcome] = (came[outcome] ?? 0) + 1
      }),
    )
    const clock = new AbortController()
    const late = sleep(DEADLINE_MS, 'late' as const, { signal: clock.signal }).catch(
      () => 'late' as const,
    )
    const ended = await Promise.race([all.then(() => 'ended' as const), late])
    clock.abort()
    t.equal(ended, 'ended', 'all have ended')
    if (ended === 'late') t.bailout(JSON.stringify(host.locks(), null, 2))
    t.comment(JSON.stringify(came))
    t.ok((came['done'] ?? 0) > 0, 'some have done it')
    t.same(mistakes.splice(0), [], 'every answer makes sense')
    t.same(host.locks(), [], 'nothing is held')
    t.same((await host.audit()).leftovers, [], 'nothing is left over')
  })
}

await t.test('who opens the host next finds the same', async (t) => {
  for (const { pool: name, id, state } of host.containers.list()) {
    if (state !== 'stopped') await host.containers.get(`${name}:${id}`).kill()
  }
  const place = { archive, other: other.path, third: `${other.path}-none` }
  if (host.pools.find('other') !== null) await host.pools.export('other')
  const before = await stateOf(host, place)
  await host.close()
  host = await Host.open(options)
  // A user whose last container could not have it removed goes when the pool is imported.
  const changed = differences(before, await stateOf(host, place))
  t.same(changed, [])
})
