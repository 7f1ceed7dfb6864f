// osctld is killed while clients change things: what it has acknowledged is there afterwards, and what it has not
// is wholly there or wholly gone.
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client, daemonPlace, runOsctld } from '../helpers/daemon.js'
import { requires } from '../helpers/requires.js'
import { seeded } from '../helpers/seeded.js'
import { timeFactor, upTo } from '../helpers/time.js'

const t = requires('root', 'userns', 'cgroup', 'liblxc', 'busybox')
const KILLS = Number(process.env['KILLS'] ?? (timeFactor === 1 ? 50 : 8))
const LONGEST_MS = upTo(1500)
const WORKERS = 4

const random = seeded(t)
t.setTimeout(upTo(600_000))
const place = await daemonPlace(t)
const client = new Client(place.socket)
/** What a container is, as far as somebody knows. */
interface Known {
  /** Null: it is not there. */
  readonly state: 'stopped' | 'running' | null
  readonly hostname: string | null
}

/** Before the last change, and after it; the same when that was acknowledged. */
interface Belief {
  before: Known
  after: Known
}

const NONE: Known = { state: null, hostname: null }

/** One client with a container of its own. */
class Worker {
  readonly id: string
  belief: Belief = { before: NONE, after: NONE }
  acknowledged = 0

  constructor(id: string) {
    this.id = id
  }

  /** Until the daemon is gone. */
  async run(): Promise<void> {
    for (;;) {
      const { before } = this.belief
      const [where, body, after] = this.#next(before)
      this.belief = { before, after }
      const answer = await client.ask(where, body).catch(() => null)
      if (answer === null) return
      if (answer.status >= 400) throw new Error(`${where}: ${answer.text}`)
      this.acknowledged++
      this.belief = { before: after, after }
    }
  }

  #next({ state, hostname }: Known): [`${string} /${string}`, unknown, Known] {
    const path = `/v1/containers/${this.id}` as const
    if (state === null) {
      const body = { id: this.id, image: { distribution: 'busybox' } }
      return ['POST /v1/containers', body, { state: 'stopped', hostname: null }]
    }
    const choice = random(5)
    if (choice === 0) return [`DELETE ${path}?force=true`, undefined, NONE]
    if (choice <= 2) {
      const name = `h${random(1_000_000)}.example.org`
      return [`PATCH ${path}`, { hostname: name }, { state, hostname: name }]
    }
    return state === 'stopped'
      ? [`POST ${path}/start`, undefined, { state: 'running', hostname }]
      : [`POST ${path}/stop?method=kill`, undefined, { state: 'stopped', hostname }]
  }
}

async function found(id: string): Promise<Known> {
  const { status, body } = await client.ask(`GET /v1/containers/${id}`)
  if (status === 404) return NONE
  const { state, hostname } = body as { state: string; hostname: string | null }
  // What is just ending, or has just begun, comes to one of the two.
  if (state !== 'stopped' && state !== 'running') {
    await sleep(50)
    return found(id)
  }
  return { state, hostname }
}

await t.test(`${KILLS} times`, { timeout: upTo(600_000) }, async (t) => {
  let acknowledged = 0
  let daemon = await runOsctld(t, place)
  const workers = Array.from({ length: WORKERS }, (_, number) => new Worker(`web${number}`))
  for (let kill = 0; kill < KILLS; kill++) {
    const working = Promise.all(workers.map((worker) => worker.run()))
    await Promise.race([sleep(random(LONGEST_MS)), working])
    const ended = once(daemon, 'exit')
    daemon.kill('SIGKILL')
    await Promise.all([ended, working])
    daemon = await runOsctld(t, place)
    for (const worker of workers) {
      const { before, after } = worker.belief
      const now = await found(worker.id)
      // One that is deleted by force is stopped first.
      const between = after.state === null ? [{ ...before, state: 'stopped' }] : []
      const fits = [before, ...between, after].some(
        (one) => one.state === now.state && one.hostname === now.hostname,
      )
      t.ok(fits, `${worker.id} is ${told(now)}: ${told(before)} or ${told(after)}`)
      worker.belief = { before: now, after: now }
      acknowledged += worker.acknowledged
      worker.acknowledged = 0
    }
    const { body } = await client.ask('GET /v1/host/health?all=true')
    t.same(body, [], 'nothing is missing or left over')
    const audit = (await client.ask('GET /v1/host/audit')).body as { leftovers: unknown[] }
    t.same(audit.leftovers, [], 'and nothing unknown is there')
  }
  t.ok(acknowledged > KILLS, `${acknowledged} changes were acknowledged`)
  const ended = once(daemon, 'exit')
  daemon.kill('SIGTERM')
  await ended
})

function told({ state, hostname }: Known): string {
  return `${state ?? 'not there'}${hostname === null ? '' : ` as ${hostname}`}`
}
