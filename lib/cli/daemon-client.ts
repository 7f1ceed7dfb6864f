// The daemon, as osctl asks it: HTTP over its unix socket.

import {
  request,
  type ClientRequest,
  type IncomingMessage,
  type OutgoingHttpHeaders,
} from 'node:http'
import { connect } from 'node:net'
import type { Duplex } from 'node:stream'
import { BadAnswerError, NoDaemonError, RefusedError } from './errors.js'

export type Query = Readonly<Record<string, string | number | boolean | null | undefined>>

export interface Asking {
  readonly query?: Query
  readonly body?: unknown
  /** Is told how far it is. */
  readonly onProgress?: (line: unknown) => void
  /** What it is called, for others to give it up. */
  readonly operation?: string
  /** Not waited for: it goes on without us. */
  readonly background?: boolean
  readonly signal?: AbortSignal
}

const LINES = 'application/x-ndjson'
/** Of headers: no more of a command line is told. */
const MAX_COMMAND = 4096

export class DaemonClient {
  readonly #socket: string
  readonly #command: string
  readonly #waitLock: number | 'infinity' | undefined

  /**
   * @param command what others are told who wait for it, and what stands in the history
   * @param waitLock seconds to wait for other operations on the same thing
   */
  constructor(socket: string, command: string, waitLock?: number | 'infinity') {
    this.#socket = socket
    this.#command = header(command)
    this.#waitLock = waitLock
  }

  /**
   * @param where `GET /containers`, below `/v1`; what stands for something is encoded: `at\`…\``
   * @throws RefusedError, NoDaemonError, BadAnswerError
   */
  async ask<Answer = void>(where: string, asking: Asking = {}): Promise<Answer> {
    const { onProgress } = asking
    const response = await this.#send(
      where,
      asking,
      onProgress === undefined ? {} : { accept: LINES },
    )
    if (onProgress !== undefined && response.headers['content-type'] === LINES) {
      for await (const line of linesIn(response)) {
        const { progress, error, result } = line as Line
        if (error !== undefined) throw new RefusedError(error)
        if (progress === undefined) return result as Answer
        onProgress(progress)
      }
      throw new BadAnswerError('it ended before it was done')
    }
    return parsed(await textOf(response)) as Answer
  }

  /** Lines of JSON for as long as somebody reads them. */
  async *lines(where: string, asking: Asking = {}): AsyncGenerator<unknown, void> {
    const response = await this.#send(where, asking, { accept: LINES })
    try {
      yield* linesIn(response)
    } finally {
      response.destroy()
    }
  }

  /** A connection of frames. */
  upgrade(where: string, asking: Asking = {}): Promise<{ socket: Duplex; head: Buffer }> {
    return new Promise((resolve, reject) => {
      const sent = this.#request(where, asking, { connection: 'upgrade', upgrade: 'osctl' })
      sent.once('upgrade', (_response, socket, head: Buffer) => resolve({ socket, head }))
      sent.once('response', (response) => {
        refused(response).then(reject, reject)
      })
      sent.once('error', (error) => reject(this.#unreachable(error)))
      sent.end()
    })
  }

  /** A file, or something like it. */
  async put(where: string, query: Query, content: Buffer): Promise<void> {
    await this.#send(where, { query }, {}, { type: 'application/octet-stream', content })
  }

  async #send(
    where: string,
    asking: Asking,
    headers: OutgoingHttpHeaders,
    file?: { readonly type: string; readonly content: Buffer },
  ): Promise<IncomingMessage> {
    const { body } = asking
    const text = file?.content ?? (body === undefined ? undefined : JSON.stringify(body))
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const sent = this.#request(where, asking, {
        ...headers,
        ...(text === undefined
          ? {}
          : {
              'content-type': file?.type ?? 'application/json',
              'content-length': Buffer.byteLength(text),
            }),
      })
      sent.once('response', resolve)
      sent.once('error', (error) => reject(this.#unreachable(error)))
      sent.end(text)
    })
    if ((response.statusCode ?? 0) >= 400) throw await refused(response)
    return response
  }

  #request(where: string, asking: Asking, headers: OutgoingHttpHeaders): ClientRequest {
    const { query = {}, operation, background = false, signal } = asking
    const [method = '', path = ''] = where.split(' ')
    const changes = method !== 'GET' && this.#waitLock !== undefined
    const wait = this.#waitLock === 'infinity' ? 'infinity' : Number(this.#waitLock) * 1000
    const asked = Object.entries({ ...query, ...(changes ? { wait } : {}) })
      .filter(([, value]) => value !== undefined && value !== null)
      .map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`)
    return request({
      // One question, one answer. An agent would take 5 ms to find out whether 'osctld' is an address.
      createConnection: () => connect(this.#socket),
      method,
      path: `/v1${path}${asked.length === 0 ? '' : `?${asked.join('&')}`}`,
      headers: {
        host: 'osctld',
        'osctl-command': this.#command,
        ...(operation === undefined ? {} : { 'operation-id': operation }),
        ...(background ? { prefer: 'respond-async' } : {}),
        ...headers,
      },
      ...(signal === undefined ? {} : { signal }),
    })
  }

  #unreachable(error: Error): Error {
    const { code, syscall } = error as NodeJS.ErrnoException
    if (syscall === 'connect') return new NoDaemonError(this.#socket, { cause: error })
    return new BadAnswerError(code === 'ECONNRESET' ? 'it ended' : error.message)
  }
}

/** A path of the API, with what is filled in encoded: at`GET /containers/${id}/start`. */
export function at(parts: TemplateStringsArray, ...values: readonly string[]): string {
  return parts.reduce(
    (path, part, index) => path + encodeURIComponent(values[index - 1] ?? '') + part,
  )
}

interface Line {
  readonly progress?: unknown
  readonly error?: { code: string; message: string }
  readonly result?: unknown
}

/** By its events: to be iterated over, a stream needs parts of Node.js that take a millisecond to load. */
function textOf(response: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    const broken = () => reject(new BadAnswerError('it ended in the middle'))
    response.on('data', (chunk: Buffer) => chunks.push(chunk))
    response.once('end', () => resolve(Buffer.concat(chunks).toString()))
    response.once('error', broken)
    response.once('close', broken)
  })
}

async function* linesIn(response: IncomingMessage): AsyncGenerator<unknown, void> {
  let rest = ''
  response.setEncoding('utf8')
  for await (const chunk of response) {
    const lines = (rest + String(chunk)).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) if (line !== '') yield parsed(line)
  }
}

function parsed(text: string): unknown {
  if (text === '') return undefined
  try {
    return JSON.parse(text) as unknown
  } catch {
    throw new BadAnswerError(text.slice(0, 200))
  }
}

async function refused(response: IncomingMessage): Promise<Error> {
  const { error } = (parsed(await textOf(response)) ?? {}) as Line
  return typeof error?.message === 'string'
    ? new RefusedError(error)
    : new BadAnswerError(`status ${response.statusCode}`)
}

/** What a header can hold: bytes, without control characters. */
function header(text: string): string {
  return Buffer.from(text.replace(/\p{Cc}+/gu, ' '))
    .subarray(0, MAX_COMMAND)
    .toString('latin1')
}
