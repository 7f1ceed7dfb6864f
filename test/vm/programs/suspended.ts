// One host with two zpools, of which one loses its disk: says what becomes of each call, a line each, the
// first one when the disk may go.
//
//   suspended.js IMAGE.tar
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { Host } from 'vpsadminos'
import { datasetExists } from '../../../dist/zfs/datasets.js'
import { upTo } from '../../helpers/time.js'
import type { Answer } from '../suspension.js'

const [archive = ''] = process.argv.slice(2)
const pools = ['gone', 'stays'].map((name) => ({ name, driver: 'zfs' as const }))
const busybox = { distribution: 'busybox' }
const limitMs = upTo(1000)

/** What it resolves with, if it does. */
async function attempt<T>(step: string, work: () => Promise<T>): Promise<T | null> {
  const begin = performance.now()
  const answer = (outcome: string | null, message = ''): void => {
    const tookMs = Math.round(performance.now() - begin)
    const said: Answer = { step, outcome, message, tookMs }
    process.stdout.write(`${JSON.stringify(said)}\n`)
  }
  let value: T | null = null
  const done = work().then(
    (result) => {
      value = result
      return ['ok', typeof result === 'string' ? result : ''] as const
    },
    (error: unknown) => [(error as { code?: string }).code ?? 'none', String(error)] as const,
  )
  const [outcome, message] = (await Promise.race([done, sleep(limitMs, null)])) ?? [null]
  answer(outcome, message)
  return value
}

const state = (): string => readFileSync('/proc/spl/kstat/zfs/gone/state', 'utf8').trim()

const host = await Host.open()
for (const pool of pools) {
  await host.pools.install(pool)
  await host.pools
    .get(pool.name)
    .images.import({ path: archive, distribution: 'busybox', version: '1' })
}
const make = async (id: string, pool: string) => {
  const ct = await host.containers.create({ id, pool, image: busybox })
  await ct.start()
  return ct
}
const a = await make('a', 'gone')
const still = await host.containers.create({ id: 'still', pool: 'gone', image: busybox })
const b = await make('b', 'stays')
// More than Node.js has threads for files.
const many = await Promise.all(
  ['s1', 's2', 's3', 's4', 's5'].map((id) =>
    host.containers.create({ id, pool: 'gone', image: busybox }),
  ),
)
const starts = await host.containers.create({ id: 'starts', pool: 'gone', image: busybox })
// Mounted by the keeper for as long as it is read.
const reading = await still.pull('/bin/busybox')
await once(reading, 'readable')

// What is under way when the disk goes, over and over until then.
const works: Readonly<Record<string, () => Promise<unknown>>> = {
  user: async () => {
    await host.users.create({ name: 'u', pool: 'gone' })
    await host.users.get('gone:u').delete()
  },
  create: async () => {
    await (await host.containers.create({ id: 'x', pool: 'gone', image: busybox })).delete()
  },
  ...Object.fromEntries(
    many.map((ct) => [
      `set ${ct.id}`,
      async () => {
        for (const memoryLimit of ['64 MiB', '65 MiB']) await ct.set({ memoryLimit })
      },
    ]),
  ),
  start: async () => {
    await starts.start()
    await starts.stop({ method: 'kill' })
  },
}
const under = new Set(Object.keys(works))
for (const [name, work] of Object.entries(works)) {
  void (async () => {
    try {
      for (;;) await work()
    } catch {
      under.delete(name)
    }
  })()
}
await attempt('ready', () => Promise.resolve())

// Something must be written before ZFS finds out.
spawn('sh', ['-c', 'while sleep 0.2; do date >/gone/date; sync -f /gone/date; done'], {
  stdio: 'ignore',
}).unref()
while (state() !== 'SUSPENDED') await sleep(50)
reading.destroy()

execFileSync('zfs', ['create', '-o', 'canmount=noauto', 'stays/ct/nobody'])

const gone = 'gone: '
await attempt(`${gone}snapshot`, () => a.snapshots.create('x'))
await attempt(`${gone}create`, () =>
  host.containers.create({ id: 'c', pool: 'gone', image: busybox }),
)
await attempt(`${gone}user`, () => host.users.create({ name: 'c', pool: 'gone' }))
await attempt(`${gone}set`, () => a.set({ memoryLimit: '64 MiB' }))
await attempt(`${gone}restart`, () => a.restart({ method: 'kill' }))
await attempt(`${gone}rename`, () => still.rename('other'))
await attempt(`${gone}delete`, () => still.delete())
await attempt(`${gone}start`, () => still.start())
await attempt(`${gone}pull`, () => still.pull('/etc/hostname'))
await attempt('its trash', async () => host.pools.get('gone').trash?.list())
await attempt('its dataset', () => datasetExists('gone/ct/still'))
await attempt('its datasets', () => still.datasets.list())
await attempt('its snapshots', () => still.snapshots.list())
await sleep(upTo(100))
await attempt('under way', () => Promise.resolve([...under].join(', ')))
await attempt('exec', () => b.exec(['true']))
await attempt('set', () => b.set({ memoryLimit: '64 MiB' }))
await attempt('restart', () => b.restart({ method: 'kill' }))
await attempt('create', () => host.containers.create({ id: 'd', pool: 'stays', image: busybox }))
const d = () => host.containers.get('d')
await attempt('start', () => d().start())
await attempt('snapshot', () => d().snapshots.create('one'))
// An init that shuts down calls sync(2), which waits, on the whole machine, while anything is being
// unmounted from what does not answer: here by the container that was under way.
await attempt('copy', () => host.containers.copy('d', 'e', { consistent: false }))
await attempt('stop', () => d().stop({ method: 'kill' }))
await attempt('delete', () => d().delete())
// Its init ends with its mounts, and these with the pool.
await attempt('stop what is on it', () =>
  a.stop({ method: 'kill', signal: AbortSignal.timeout(500) }),
)
await attempt(`${gone}kill`, () => a.kill())
await attempt(`${gone}stop`, () => a.stop({ timeout: upTo(50) }))
await attempt('exec then', () => b.exec(['true']))
await attempt('audit', async () => {
  const { leftovers, unseen } = await host.audit()
  const pools = unseen.map(({ pool, error }) => `${pool}: ${String(error)}`)
  return [...pools, ...leftovers.map(({ type, what }) => `${type} ${what}`)].join('; ')
})
await attempt('close', () => host.close())
await attempt('open both', () => Host.open({ pools }))
const without = await attempt('open the other', () => Host.open({ pools: pools.slice(1) }))
await attempt('exec at last', async () => without?.containers.get('b').exec(['true']))
await attempt('close again', async () => without?.close())
await attempt('done', () => Promise.resolve())
