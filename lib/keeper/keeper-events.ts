// What a keeper tells without being asked, to any number of readers.
import type { Connection } from './connection.js'
import { decodeEvent, EventQueue } from './events.js'
import { protocolVersion, type Fields, type FieldValues } from './protocol.js'
import type { KeeperEvent } from './types.js'

/** How many events may wait for a reader. */
const QUEUE_LIMIT = 16_384

export class KeeperEvents {
  readonly #connection: Connection
  readonly #epoch: string
  readonly #readers = new Set<EventQueue<KeeperEvent>>()
  #subscribed: Promise<unknown> | null = null
  #lastSeq: number
  #onEvent: (event: KeeperEvent) => void = () => {}

  /** @param lastSeq number of the last event before these */
  constructor(connection: Connection, epoch: string, lastSeq: number) {
    this.#connection = connection
    this.#epoch = epoch
    this.#lastSeq = lastSeq
    connection.onEvent = (fields) => this.#event(fields)
  }

  /** All that come from now on, or since an earlier one. */
  read(since?: { epoch: string; seq: number }): EventQueue<KeeperEvent> {
    const overflow = (dropped: number): KeeperEvent => ({
      type: 'gap',
      epoch: this.#epoch,
      seq: this.#lastSeq,
      time: Date.now(),
      from: this.#lastSeq - dropped,
      to: this.#lastSeq,
    })
    const { open } = this.#connection
    if (since !== undefined && open) return this.#replay(since, overflow)
    const queue = new EventQueue<KeeperEvent>(QUEUE_LIMIT, overflow, () =>
      this.#readers.delete(queue),
    )
    this.#readers.add(queue)
    if (open) this.#subscribe()
    else queue.end()
    return queue
  }

  /** @param from all that come from now on, or also those that the keeper has */
  listen(onEvent: (event: KeeperEvent) => void, from: 'now' | 'first'): void {
    this.#onEvent = onEvent
    const since = from === 'first' ? { EPOCH: this.#epoch, SEQ: 0 } : {}
    if (this.#connection.open) this.#subscribe(since)
  }

  /** The keeper has ended, or nobody listens any more. */
  end(): void {
    for (const reader of this.#readers) reader.end()
  }

  #subscribe(since: FieldValues = {}): void {
    this.#subscribed ??= this.#connection.request('SUBSCRIBE', since).catch(() => {
      // The connection ended, and with it the readers.
    })
  }

  /** Past events come over a connection of their own, so that other readers do not see them again. */
  #replay(
    since: { epoch: string; seq: number },
    overflow: (dropped: number) => KeeperEvent,
  ): EventQueue<KeeperEvent> {
    const connection = this.#connection.sibling()
    const queue = new EventQueue<KeeperEvent>(QUEUE_LIMIT, overflow, () => connection.close())
    connection.onLost = () => queue.end()
    connection.onEvent = (fields) => {
      const event = decodeEvent(this.#epoch, fields)
      if (event !== null) queue.push(event)
    }
    connection
      .request('HELLO', { VERSION: protocolVersion })
      .then(() => connection.request('SUBSCRIBE', { EPOCH: since.epoch, SEQ: since.seq }))
      .catch(() => queue.end())
    return queue
  }

  #event(fields: Fields): void {
    const event = decodeEvent(this.#epoch, fields)
    if (event === null) return
    this.#lastSeq = event.seq
    this.#onEvent(event)
    for (const reader of this.#readers) reader.push(event)
  }
}
