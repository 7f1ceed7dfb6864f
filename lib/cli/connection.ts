// A connection of frames to the daemon, which is found again when the daemon is replaced meanwhile.

import { setTimeout as sleep } from 'node:timers/promises'
import type { Duplex } from 'node:stream'
import { frame, FrameCutter, TOLD, type Frame } from '../daemon/frames.js'
import type { DaemonClient, Query } from './daemon-client.js'
import { BadAnswerError, NoDaemonError, RefusedError } from './errors.js'

/** A daemon that is replaced is away for as long as it takes to import its pools. */
const AWAY_MS = 120_000
const AGAIN_MS = 200

export interface Place {
  readonly where: string
  readonly query?: Query
}

export class Connection {
  readonly #daemon: DaemonClient
  readonly #place: () => Place | null
  readonly #onOpen: () => void
  #socket: Duplex | null = null
  #closed = false

  /**
   * @param place where it is found, also after the daemon was away; null: it cannot be found again
   * @param onOpen is told each time; what was said before may be lost
   */
  constructor(daemon: DaemonClient, place: () => Place | null, onOpen: () => void) {
    this.#daemon = daemon
    this.#place = place
    this.#onOpen = onOpen
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
    this.#closed = true
    this.#socket?.destroy()
  }

  /**
   * @param onFrame what is told, until it says that this was the last
   * @throws RefusedError for what the daemon says is wrong; NoDaemonError when it does not come back
   */
  async run(onFrame: (frame: Frame) => boolean): Promise<void> {
    let since: number | null = null
    while (!this.#closed) {
      const place = this.#place()
      if (place === null) throw new BadAnswerError('it ended before the program was begun')
      try {
        const { where, query = {} } = place
        const { socket, head } = await this.#daemon.upgrade(where, { query })
        this.#socket = socket
        // It may have been closed before there was anything to close.
        if (this.#closed) return void socket.destroy()
        since = null
        this.#onOpen()
        if (await this.#listen(socket, head, onFrame)) return
      } catch (error) {
        const away =
          error instanceof NoDaemonError || error instanceof BadAnswerError || isImporting(error)
        if (since === null || !away || Date.now() - since > AWAY_MS) throw error
      }
      since ??= Date.now()
      await sleep(AGAIN_MS)
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
          reject(error instanceof Error ? error : new Error(String(error)))
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

/** One that has just begun does not know yet what is in its pools. */
function isImporting(error: unknown): boolean {
  if (!(error instanceof RefusedError)) return false
  return error.code === 'ERR_NOT_FOUND' || error.facts.state === 'importing'
}
