// A daemon with a pool in a directory and a busybox image, and a client that asks it for things.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { request, type ClientRequest, type IncomingMessage } from 'node:http'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { pino } from 'pino'
import type { Test } from 'tap'
import { Host } from 'vpsadminos'
import { Cgroups } from '../../dist/cgroup/cgroups.js'
import { Daemon } from '../../dist/daemon/daemon.js'
import type { DaemonOptions } from '../../dist/schema/daemon.js'
import { importBusybox, type Teardown } from './host.js'
import { until } from './keeper-host.js'
import { upTo } from './time.js'

const OSCTLD = fileURLToPath(new URL('../../dist/daemon/osctld.js', import.meta.url))

/** Where a daemon of a test lives; what is in it goes when the test ends. Its pool is `tank`. */
export async function daemonPlace(t: Teardown): Promise<DaemonOptions & { socket: string }> {
  const dir = mkdtempSync(join(tmpdir(), 'daemon-'))
  // A container's root goes through it to its rootfs.
  chmodSync(dir, 0o711)
  const options = {
    stateDir: join(dir, 'state'),
    cgroupRoot: `osctl-test-${process.pid}`,
    interfacePrefix: 'vtest',
    pools: [{ name: 'tank', path: join(dir, 'tank') }],
  }
  const host = await Host.open({ ...options, pools: [] })
  await host.pools.install({ name: 'tank', path: join(dir, 'tank') })
  await importBusybox(t, host)
  await host.close()
  t.teardown(async () => {
    const host = await Host.open(options)
    for (const { id } of host.containers.list()) {
      await host.containers.get(id).delete({ force: true })
    }
    const leftovers = (await host.audit()).leftovers
    await host.pools.export('tank')
    const pid = await host.keeperPid()
    await host.close()
    process.kill(pid)
    await using cgroups = Cgroups.mounted()
    await cgroups.dir(options.cgroupRoot).remove({ timeoutMs: upTo(10_000) })
    rmSync(dir, { recursive: true, force: true, maxRetries: 5 })
    if (leftovers.length > 0) throw new Error(`left: ${JSON.stringify(leftovers)}`)
  })
  return { ...options, socket: join(dir, 'osctld.sock') }
}

/** One that serves such a place in this process; closed when the test ends. */
export async function servedPlace(t: Test): Promise<DaemonOptions & { socket: string }> {
  const place = await daemonPlace(t)
  const daemon = await Daemon.open(place, pino({ level: 'silent' }))
  t.teardown(() => daemon.close())
  await daemon.begun
  return place
}

/**
 * The program, on such a place. Resolves when its pool is there: it answers before.
 *
 * @param state of the pool; null: it answers
 */
export async function runOsctld(
  t: Teardown,
  place: { socket: string },
  state: string | null = 'active',
): Promise<ChildProcess> {
  const config = join(dirname(place.socket), 'osctld.json')
  writeFileSync(config, JSON.stringify(place))
  // What tap gives its children would have it load more.
  const args = ['-i', process.execPath, OSCTLD, '--config', config]
  const child = spawn('env', args, { stdio: 'ignore' })
  t.teardown(async () => {
    // It has the host until it has ended.
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL')
      await once(child, 'exit')
    }
  })
  const client = new Client(place.socket)
  await until(async () => {
    const answer = await client.ask('GET /v1/pools/tank').catch(() => null)
    const pool = answer?.body as { state?: unknown } | undefined
    return state === null ? answer !== null : pool?.state === state
  })
  return child
}

export interface Answer {
  readonly status: number
  readonly text: string
  /** What the text says, where it is JSON. */
  readonly body: unknown
}

export class Client {
  readonly #socketPath: string

  constructor(socketPath: string) {
    this.#socketPath = socketPath
  }

  /** @param body text as it is, anything else as JSON */
  async ask(
    where: `${string} /${string}`,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    const response = await this.send(where, body, headers)
    let text = ''
    for await (const chunk of response.setEncoding('utf8')) text += String(chunk)
    let parsed: unknown = null
    try {
      parsed = JSON.parse(text) as unknown
    } catch {
      // It is something else, or nothing.
    }
    return { status: response.statusCode ?? 0, text, body: parsed }
  }

  /** Resolves when the answer begins. */
  send(
    where: `${string} /${string}`,
    body?: unknown,
    headers: Record<string, string> = {},
    onRequest: (request: ClientRequest) => void = () => {},
  ): Promise<IncomingMessage> {
    const [method, path] = where.split(' ')
    const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body)
    const type = text === undefined ? {} : { 'content-type': 'application/json' }
    return new Promise((resolve, reject) => {
      const sent = request(
        { socketPath: this.#socketPath, method, path, headers: { ...type, ...headers } },
        resolve,
      )
      sent.once('error', reject)
      onRequest(sent)
      sent.end(text)
    })
  }

  /** The lines of an answer that is told in lines. */
  async *lines(
    where: `${string} /${string}`,
    body?: unknown,
  ): AsyncGenerator<Record<string, unknown>> {
    const response = await this.send(where, body, { accept: 'application/x-ndjson' })
    try {
      for await (const line of createInterface({ input: response, crlfDelay: Infinity })) {
        yield JSON.parse(line) as Record<string, unknown>
      }
    } finally {
      response.destroy()
    }
  }
}
