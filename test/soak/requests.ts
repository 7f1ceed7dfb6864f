// Requests at a rate, whether or not those before have been answered, and how long each took.
import { Agent, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'

export class Requests {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 64 })
  readonly #socketPath: string
  readonly #paths: readonly string[]
  /** Milliseconds of each, by path: from when it was due, so that what holds others up counts for all of them. */
  readonly times: ReadonlyMap<string, number[]>
  readonly failed: string[] = []

  /** @param paths in turns */
  constructor(socketPath: string, paths: readonly string[]) {
    this.#socketPath = socketPath
    this.#paths = paths
    this.times = new Map(paths.map((path) => [path, []]))
  }

  /** @param rate a second */
  async run(rate: number, seconds: number): Promise<void> {
    const begin = performance.now()
    const all = Math.round(rate * seconds)
    const answers: Promise<void>[] = []
    for (let sent = 0; sent < all;) {
      // The first is due at once.
      const due = Math.min(all, Math.floor(((performance.now() - begin) / 1000) * rate) + 1)
      for (; sent < due; sent++) {
        const path = this.#paths[sent % this.#paths.length] as string
        answers.push(this.#one(path, begin + (sent / rate) * 1000))
      }
      await sleep(1)
    }
    await Promise.all(answers)
  }

  forget(): void {
    for (const times of this.times.values()) times.length = 0
  }

  close(): void {
    this.#agent.destroy()
  }

  #one(path: string, due: number): Promise<void> {
    return new Promise((resolve) => {
      const failed = (why: string) => {
        this.failed.push(`${path}: ${why}`)
        resolve()
      }
      const sent = request(
        { socketPath: this.#socketPath, path: `/v1${path}`, agent: this.#agent },
        (response) => {
          response.resume()
          response.once('error', (error) => failed(error.message))
          response.once('end', () => {
            if (response.statusCode !== 200) return failed(String(response.statusCode))
            this.times.get(path)?.push(performance.now() - due)
            resolve()
          })
        },
      )
      sent.once('error', (error) => {
        // An idle connection that osctld was just closing: Node.js says that it is to be asked again then.
        if (!sent.reusedSocket || !('code' in error) || error.code !== 'ECONNRESET')
          return failed(error.message)
        void this.#one(path, due).then(resolve)
      })
      sent.end()
    })
  }
}

/** The time within which `share` of them were answered. */
export function percentile(times: readonly number[], share: number): number {
  const sorted = [...times].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? NaN
}
