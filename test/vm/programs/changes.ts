// Changes containers on a pool until the power goes, and says of each change when it begins and when
// it is done. Says before it what it has found.
//
//   changes.js DIRECTORY [--install]
import { text } from 'node:stream/consumers'
import { Host, type Container } from 'vpsadminos'
import type { Change, Found, Said } from '../changes.js'

const [directory = '', install] = process.argv.slice(2)
const pool = { name: 'tank', path: `${directory}/tank` }
const say = (said: Said): void => void process.stdout.write(`${JSON.stringify(said)}\n`)

if (install === undefined) {
  const host = await Host.open({ pools: [pool] })
  say({ type: 'found', ...(await look(host)) })
  await Promise.all(['a', 'b'].map((worker) => change(host, worker)))
} else {
  const host = await Host.open()
  await host.pools.install(pool)
  const path = `${directory}/busybox.tar`
  await host.images.import({ path, distribution: 'busybox', version: '1' })
  await host.close()
}

async function look(host: Host): Promise<Found> {
  const { broken } = host.pools.get('tank').show()
  const containers = []
  for (const { id, memoryLimit } of host.containers.list()) {
    const hostname = await nameIn(host.containers.get(id))
    containers.push({ id, memoryLimit, hostname })
  }
  const { leftovers } = await host.audit()
  return {
    containers,
    broken: broken.map(({ path }) => path),
    leftovers: leftovers.map(({ type, what }) => `${type} ${what}`),
  }
}

async function nameIn(ct: Container): Promise<string> {
  try {
    return (await text(await ct.pull('/etc/hostname'))).trim()
  } catch (error) {
    return String(error)
  }
}

// Each worker has containers of its own, so that what both do is in one order.
async function change(host: Host, worker: string): Promise<never> {
  for (let turn = 0; ; turn++) {
    const mine = host.containers.list().filter(({ id }) => id.startsWith(worker))
    const next = choose(worker, mine)
    say({ type: 'begin', change: next })
    await apply(host, next)
    say({ type: 'done', change: next })
  }
}

function choose(
  worker: string,
  mine: readonly { id: string; memoryLimit: number | null }[],
): Change {
  const fresh = `${worker}${Math.random().toString(36).slice(2, 10)}`
  const one = mine[Math.floor(Math.random() * mine.length)]
  const what = Math.floor(Math.random() * 4)
  if (one === undefined || (what === 0 && mine.length < 4)) return { what: 'create', id: fresh }
  if (what === 1) return { what: 'delete', id: one.id }
  if (what === 2) return { what: 'rename', id: one.id, to: fresh }
  return { what: 'set', id: one.id, memoryLimit: ((one.memoryLimit ?? 0) % 2 ** 30) + 2 ** 20 }
}

async function apply(host: Host, change: Change): Promise<void> {
  if (change.what === 'create') {
    await host.containers.create({ id: change.id, image: { distribution: 'busybox' } })
    return
  }
  const ct = host.containers.get(change.id)
  if (change.what === 'delete') await ct.delete()
  if (change.what === 'rename') await ct.rename(change.to)
  if (change.what === 'set') await ct.set({ memoryLimit: change.memoryLimit })
}
