// An answer in lines of JSON: what is said meanwhile, and at last how it ended.

import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import type { FastifyReply } from 'fastify'

export class Lines {
  static readonly TYPE = 'application/x-ndjson'
  readonly #response: ServerResponse

  constructor(reply: FastifyReply) {
    reply.hijack()
    this.#response = reply.raw
    this.#response.on('error', () => undefined)
    this.#response.writeHead(200, { 'content-type': Lines.TYPE, 'cache-control': 'no-store' })
    this.#response.flushHeaders()
  }

  /** Left out where the client does not read: the next one says more. */
  offer(line: unknown): void {
    if (!this.#response.writableNeedDrain) this.#write(line)
  }

  /** Waits for a client that reads slowly. */
  async send(line: unknown, signal: AbortSignal): Promise<void> {
    if (!this.#write(line)) await once(this.#response, 'drain', { signal })
  }

  end(line?: unknown): void {
    if (line !== undefined) this.#write(line)
    this.#response.end()
  }

  #write(line: unknown): boolean {
    return this.#response.write(`${JSON.stringify(line)}\n`)
  }
}
