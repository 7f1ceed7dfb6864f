// `npm run soak -- daemon`: many listen to what happens while others ask. The daemon's memory stays as it is, nobody
// misses an event, and it answers at once.
import { setTimeout as sleep } from 'node:timers/promises'
import { Client, daemonPlace, runOsctld } from '../helpers/daemon.js'
import { busybox } from '../helpers/host.js'
import { memoryOf } from './kernel.js'
import { Listeners } from './listeners.js'
import { percentile, Requests } from './requests.js'
import { line } from './trend.js'

export interface DaemonSoakOptions {
  readonly clients: number
  /** Requests a second. */
  readonly rate: number
  /** A second. */
  readonly events: number
  readonly seconds: number
  readonly warmUpSeconds: number
}

export interface DaemonOutcome {
  /** Of `ping`, in milliseconds. */
  readonly p50: number
  readonly p99: number
  readonly answered: number
  readonly failed: readonly string[]
  readonly lost: readonly string[]
  /** The fewest and the most events that a client has heard, and how many there were. */
  readonly heard: readonly [number, number]
  readonly changes: number
  /** Of the daemon, kB that are its own: at every sample. */
  readonly memory: readonly number[]
  /** kB that it grows by in the whole run, and twice the error of that. */
  readonly growth: readonly [number, number]
}

const P99_MS = 10
/** What a heap is swept of at its own times comes and goes. */
const FLAT_KB = 2048
const SAMPLES = 40
const PATHS = ['/ping', '/containers?fields=id,state', '/containers/web1', '/stats']

/** @returns whether all is as it has to be */
export async function soakDaemon(options: DaemonSoakOptions): Promise<boolean> {
  const ends: (() => unknown)[] = []
  try {
    const outcome = await loaded({ teardown: (end) => ends.unshift(end) }, options)
    const [grown, error] = outcome.growth
    console.log(`
${options.clients} clients heard ${outcome.heard.join(' to ')} of ${outcome.changes} changes
${outcome.answered} requests were answered, ${outcome.failed.length} failed
ping: ${outcome.p50.toFixed(2)} ms, 99 of 100 within ${outcome.p99.toFixed(2)} ms
memory of osctld: ${outcome.memory[0]} kB at first, ${outcome.memory.at(-1)} at last; grows by ${grown.toFixed(0)} ± ${error.toFixed(0)} kB
`)
    const wrong = faultsOf(outcome)
    for (const fault of wrong) console.log(fault)
    return wrong.length === 0
  } finally {
    for (const end of ends) await end()
  }
}

export async function loaded(
  t: Parameters<typeof daemonPlace>[0],
  { clients, rate, events, seconds, warmUpSeconds }: DaemonSoakOptions,
): Promise<DaemonOutcome> {
  const place = await daemonPlace(t)
  const { pid = 0 } = await runOsctld(t, place)
  const client = new Client(place.socket)
  await client.ask('POST /v1/containers', { id: 'web1', image: busybox })
  await client.ask('POST /v1/containers/web1/start')
  using listeners = await Listeners.open(place.socket, clients)
  const requests = new Requests(place.socket, PATHS)
  const memory: number[] = []
  let changes = 0
  const change = async (until: number) => {
    for (; events > 0 && performance.now() < until; changes++) {
      await Promise.all([
        client.ask('PATCH /v1/containers/web1', { hostname: `web${changes}` }),
        sleep(1000 / events),
      ])
    }
  }
  try {
    await Promise.all([
      requests.run(rate, warmUpSeconds),
      change(performance.now() + 1000 * warmUpSeconds),
    ])
    requests.forget()
    const changed = change(performance.now() + 1000 * seconds)
    for (let sample = 0; sample < SAMPLES; sample++) {
      memory.push(memoryOf(pid).dirty)
      await requests.run(rate, seconds / SAMPLES)
    }
    memory.push(memoryOf(pid).dirty)
    await changed
    await sleep(200)
  } finally {
    requests.close()
  }
  const pings = requests.times.get('/ping') ?? []
  const { slope, error } = line(memory.map((value, round) => ({ round, value })))
  return {
    p50: percentile(pings, 0.5),
    p99: percentile(pings, 0.99),
    answered: [...requests.times.values()].reduce((sum, times) => sum + times.length, 0),
    failed: requests.failed,
    lost: listeners.lost,
    heard: listeners.heard,
    changes,
    memory,
    growth: [slope * SAMPLES, error * SAMPLES],
  }
}

/** What is not as it has to be, a line each. */
export function faultsOf({ p99, failed, lost, heard, changes, growth }: DaemonOutcome): string[] {
  const [grown, error] = growth
  return [
    ...(p99 < P99_MS ? [] : [`ping takes longer than ${P99_MS} ms for more than 1 of 100`]),
    ...[...new Set([...failed, ...lost])],
    ...(heard.every((many) => many === changes) ? [] : ['not everybody has heard all changes']),
    ...(grown - error > FLAT_KB ? [`its memory grows by ${grown.toFixed(0)} kB`] : []),
  ]
}
