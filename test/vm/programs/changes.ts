// Changes containers on a pool until the power goes, and says of each change when it begins and when
// it is done. Says before it what it has found.
//
//   changes.js zfs|PATH [--install IMAGE.tar]
//
// Where it is `zfs`, the pool is the zpool `tank`. CHANGES=set,… : only these are made.
import { execFileSync } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { Host, type Container, type PoolOptions } from 'vpsadminos'
import { listDatasets } from '../../../dist/zfs/list.js'
import { receiveSnapshot } from '../../../dist/zfs/receive.js'
import { snapshotStream } from '../../../dist/zfs/send.js'
import type { Change, Found, Said } from '../changes.js'

const [where = '', install, archive = ''] = process.argv.slice(2)
const onZfs = where === 'zfs'
const pool: PoolOptions = onZfs ? { name: 'tank', driver: 'zfs' } : { name: 'tank', path: where }
const say = (said: Said): void => void process.stdout.write(`${JSON.stringify(said)}\n`)

// What is received: the image, as it was sent.
const streams = 'tank/migration'
const SENT = 'sent'

/** What one of two workers has for itself, so that what it does is in one order. */
interface Own {
  readonly worker: string
  readonly containers: readonly { readonly id: string; readonly memoryLimit: number | null }[]
  readonly received: readonly string[]
}

interface Kind<C extends Change> {
  /** One that can be done now, or null. */
  choose(own: Own): C | null
  apply(host: Host, change: C): Promise<void>
}

const some = <T>(list: readonly T[]): T | undefined => list[Math.floor(Math.random() * list.length)]
const random = (): string => Math.random().toString(36).slice(2, 10)
const fresh = ({ worker }: Own): string => `${worker}${random()}`

function toOne<C extends Change>(make: (id: string, own: Own) => C): Kind<C>['choose'] {
  return (own) => {
    const one = some(own.containers)
    return one === undefined ? null : make(one.id, own)
  }
}

const kinds: { readonly [What in Change['what']]: Kind<Extract<Change, { what: What }>> } = {
  create: {
    choose: (own) => (own.containers.length < 4 ? { what: 'create', id: fresh(own) } : null),
    apply: async (host, { id }) => {
      await host.containers.create({ id, image: { distribution: 'busybox' } })
    },
  },
  copy: {
    choose: (own) => {
      const one = own.containers.length < 4 ? some(own.containers) : undefined
      return one === undefined ? null : { what: 'copy', id: one.id, to: fresh(own) }
    },
    apply: async (host, { id, to }) => void (await host.containers.copy(id, to)),
  },
  delete: {
    choose: toOne((id) => ({ what: 'delete', id })),
    apply: async (host, { id }) => void (await host.containers.get(id).delete()),
  },
  rename: {
    choose: toOne((id, own) => ({ what: 'rename', id, to: fresh(own) })),
    apply: async (host, { id, to }) => void (await host.containers.get(id).rename(to)),
  },
  set: {
    choose: toOne((id) => ({
      what: 'set',
      id,
      // Below what a machine has.
      memoryLimit: 2 ** 20 * (1 + Math.floor(Math.random() * 512)),
    })),
    apply: async (host, { id, memoryLimit }) => {
      await host.containers.get(id).set({ memoryLimit })
    },
  },
  snapshot: {
    choose: onZfs ? toOne((id) => ({ what: 'snapshot', id, name: random() })) : () => null,
    apply: (host, { id, name }) => host.containers.get(id).snapshots.create(name),
  },
  receive: {
    choose: (own) =>
      onZfs && own.received.length < 2 ? { what: 'receive', id: fresh(own) } : null,
    apply: async (_host, { id }) => {
      const { name } = await image()
      await receiveSnapshot(`${streams}/${id}@${SENT}`, snapshotStream(name), {
        properties: { canmount: 'noauto' },
      })
    },
  },
  discard: {
    choose: ({ received }) => {
      const id = some(received)
      return id === undefined ? null : { what: 'discard', id }
    },
    apply: async (host, { id }) => {
      // What is the pool's own no caller may put there.
      await host.pools.get('tank').driver.trash?.put(`${streams}/${id}`)
    },
  },
  prune: {
    choose: () => (onZfs ? { what: 'prune' } : null),
    apply: async (host) => {
      await host.pools.get('tank').trash?.prune({ pauseMs: 0 })
    },
  },
}

const only = process.env['CHANGES']?.split(',')
const chosen = Object.entries(kinds).flatMap(([what, kind]) =>
  only === undefined || only.includes(what) ? [kind] : [],
)

if (install === undefined) {
  const host = await Host.open({ pools: [pool] })
  const found = await look(host)
  say({ type: 'found', ...found })
  await Promise.all(['a', 'b'].map((worker) => change(host, worker, found.received)))
} else {
  const host = await Host.open()
  await host.pools.install(pool)
  await host.images.import({ path: archive, distribution: 'busybox', version: '1' })
  await host.close()
}

async function look(host: Host): Promise<Found> {
  const { broken } = host.pools.get('tank').show()
  const containers = []
  for (const { id, memoryLimit } of host.containers.list()) {
    const ct = host.containers.get(id)
    const snapshots = onZfs ? await ct.snapshots.list() : []
    containers.push({
      id,
      memoryLimit,
      hostname: await nameIn(ct),
      snapshots: snapshots.map(({ name }) => name),
    })
  }
  const { leftovers } = await host.audit()
  return {
    containers,
    received: onZfs ? await received() : [],
    broken: broken.map(({ path }) => path),
    leftovers: leftovers.map(({ type, what }) => `${type} ${what}`),
    damage: onZfs ? damage() : [],
  }
}

async function nameIn(ct: Container): Promise<string> {
  try {
    return (await text(await ct.pull('/etc/hostname'))).trim()
  } catch (error) {
    return String(error)
  }
}

async function image(): Promise<{ name: string; guid: unknown }> {
  const options = { snapshots: true, properties: ['guid'] }
  const all = await listDatasets('tank/repository/images', options)
  const found = all.find(({ name }) => name.endsWith('@image'))
  if (found === undefined) throw new Error('there is no image')
  return { name: found.name, guid: found.properties['guid']?.value }
}

/** Each must have the snapshot that was sent. */
async function received(): Promise<string[]> {
  const { guid } = await image()
  const all = await listDatasets(streams, { snapshots: true, properties: ['guid'] })
  const guids = new Map(all.map(({ name, properties }) => [name, properties['guid']?.value]))
  return all
    .filter(({ name }) => name !== streams && !name.includes('@'))
    .map(({ name }) => {
      const id = name.slice(streams.length + 1)
      return guids.get(`${name}@${SENT}`) === guid ? id : `${id} is a part`
    })
}

/** What reading all of the zpool finds. */
function damage(): string[] {
  execFileSync('zpool', ['scrub', '-w', 'tank'])
  const status = execFileSync('zpool', ['status', '-x', 'tank'], { encoding: 'utf8' }).trim()
  return status === "pool 'tank' is healthy" ? [] : [status]
}

async function change(host: Host, worker: string, before: readonly string[]): Promise<never> {
  const received = new Set(before.filter((id) => id.startsWith(worker)))
  for (;;) {
    const containers = host.containers.list().filter(({ id }) => id.startsWith(worker))
    const own = { worker, containers, received: [...received] }
    const next = some(chosen)?.choose(own) ?? null
    if (next === null) continue
    say({ type: 'begin', change: next })
    const kind = kinds[next.what] as Kind<Change>
    await kind.apply(host, next)
    say({ type: 'done', change: next })
    if (next.what === 'receive') received.add(next.id)
    if (next.what === 'discard') received.delete(next.id)
  }
}
