// A connection of frames to the daemon, which is found again when the daemon is replaced meanwhile.

import { setTimeout as sleep } from 'node:timers/promises'
import type { Duplex } from 'node:stream'
import { asError } from '../as-error.js'
import { frame, FrameCutter, TOLD, type Frame } from '../daemon/frames.js'
import type { DaemonClient, Query } from './daemon-client.js'
import { BadAnswerError, NoDaemonError, RefusedError } from './errors.js'

/** A daemon that is replaced is away for as long as it takes to import its pools. */
const AWAY_MS = 120_000
const AGAIN_MS = 200
/** One that is replaced as soon was never away. */
const UNNOTICED_MS = 1000

export interface Place {
  readonly where: string
  readonly query?: Query
}

export class Connection {
  readonly #daemon: DaemonClient
  readonly #place: () => Place | null
  readonly #onOpen: () => void
  readonly #onAway: () => void
  readonly #closing = new AbortController()
  #socket: Duplex | null = null
  #away = false
  #notice: NodeJS.Timeout | undefined

  /**
   * @param place where it is found, also after the daemon was away; null: it cannot be found again
   * @param onOpen is told each time; what was said before may be lost
   * @param onAway is told when the daemon has gone and is waited for
   */
  constructor(
    daemon: DaemonClient,
    place: () => Place | null,
    onOpen: () => void,
    onAway: () => void = () => undefined,
  ) {
    this.#daemon = daemon
    this.#place = place
    this.#onOpen = onOpen
    this.#onAway = onAway
  }

  /** The daemon has gone, and is waited for. */
  get away(): boolean {
    return this.#away
  }

  /** Lost while the daemon is away: `onOpen` says it again. */
  send(kind: string, bytes: Buffer): void {
    if (this.#socket?.writable === true) this.#socket.write(frame(kind, bytes))
  }

  json(kind: string, value: unknown): void {
    this.send(kind, Buffer.from(JSON.stringify(value)))
  }

  /** No more is read until `resume()`. */
  pause(): void {
    this.#socket?.pause()
  }

  resume(): void {
    this.#socket?.resume()
  }

  close(): void {
    this.#closing.abort()
    this.#socket?.destroy()
  }

  /**
   * @param onFrame what is told, until it says that this was the last
   * @throws RefusedError for what the daemon says is wrong; NoDaemonError when it does not come back
   */
  async run(onFrame: (frame: Frame) => boolean): Promise<void> {
    try {
      await this.#run(onFrame)
    } finally {
      this.#found()
    }
  }

  async #run(onFrame: (frame: Frame) => boolean): Promise<void> {
    const { signal } = this.#closing
    let since: number | null = null
    /** All pools were, when it was not found the last time. */
    let imported = false
    while (!signal.aborted) {
      const place = this.#place()
      if (place === null) throw new BadAnswerError('it ended before the program was begun')
      try {
        const { where, query = {} } = place
        const { socket, head } = await this.#daemon.upgrade(where, { query, signal })
        this.#socket = socket
        // It may have been closed before there was anything to close.
        if (signal.aborted) return void socket.destroy()
        this.#found()
        since = null
        imported = false
        this.#onOpen()
        if (await this.#listen(socket, head, onFrame)) return
      } catch (error) {
        if (signal.aborted) return
        const away =
          error instanceof NoDaemonError ||
          error instanceof BadAnswerError ||
          (isImporting(error) && !imported)
        if (since === null || !away || Date.now() - since > AWAY_MS) throw error
        if (isImporting(error)) imported = await this.#isImported()
      }
      since ??= Date.now()
      this.#lost()
      await sleep(AGAIN_MS)
    }
  }

  #lost(): void {
    this.#notice ??= setTimeout(() => {
      this.#away = true
      this.#onAway()
    }, UNNOTICED_MS)
  }

  #found(): void {
    clearTimeout(this.#notice)
    this.#notice = undefined
    this.#away = false
  }

  async #isImported(): Promise<boolean> {
    try {
      const { pools } = await this.#daemon.ask<Status>('GET /status')
      return Object.values(pools).every(({ state }) => state !== 'importing')
    } catch {
      return false
    }
  }

  /** Resolves with whether all was said. */
  #listen(socket: Duplex, head: Buffer, onFrame: (frame: Frame) => boolean): Promise<boolean> {
    return new Promise((resolve, reject) => {
      const cutter = new FrameCutter()
      let over = false
      const take = (bytes: Buffer) => {
        try {
          for (const one of cutter.cut(bytes)) {
            if (one.kind === TOLD.error)
              throw new RefusedError(JSON.parse(one.bytes.toString()) as Said)
            over = onFrame(one) || over
          }
        } catch (error) {
          reject(asError(error))
          socket.destroy()
        }
      }
      socket.on('error', () => socket.destroy())
      socket.on('data', take)
      socket.once('end', () => socket.end())
      socket.once('close', () => resolve(over))
      if (head.length > 0) take(head)
    })
  }
}

type Said = ConstructorParameters<typeof RefusedError>[0]

interface Status {
  readonly pools: Readonly<Record<string, { readonly state: string }>>
}

/** One that has just begun does not know yet what is in its pools. Sessions it knows as soon as their container. */
function isImporting(error: unknown): boolean {
  if (!(error instanceof RefusedError)) return false
  const { kind, state } = error.facts
  return (error.code === 'ERR_NOT_FOUND' && kind !== 'session') || state === 'importing'
}
