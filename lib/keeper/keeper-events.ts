// What a keeper tells without being asked, to any number of readers.
import type { Connection } from './connection.js'
import { decodeEvent, EventQueue, gapOf } from './events.js'
import { protocolVersion, type Fields, type FieldValues } from './protocol.js'
import type { KeeperEvent } from './types.js'

/** How many events may wait for a reader. */
const QUEUE_LIMIT = 16_384

export class KeeperEvents {
  readonly #connection: Connection
  readonly #epoch: string
  readonly #readers = new Set<EventQueue<KeeperEvent>>()
  #subscribed: Promise<unknown> | null = null
  readonly #lastSeq: number
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
    const { open } = this.#connection
    if (since !== undefined && open) return this.#replay(since)
    const queue = new EventQueue<KeeperEvent>(QUEUE_LIMIT, gapOf, () => this.#readers.delete(queue))
    this.#readers.add(queue)
    if (open) this.#subscribe()
    else queue.end()
    return queue
  }

  /** @param from all that come after the greeting, or also those that the keeper had then */
  listen(onEvent: (event: KeeperEvent) => void, from: 'greeting' | 'first'): void {
    this.#onEvent = onEvent
    const seq = from === 'first' ? 0 : this.#lastSeq
    if (this.#connection.open) this.#subscribe({ EPOCH: this.#epoch, SEQ: seq })
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
  #replay(since: { epoch: string; seq: number }): EventQueue<KeeperEvent> {
    const connection = this.#connection.sibling()
    const queue = new EventQueue<KeeperEvent>(QUEUE_LIMIT, gapOf, () => connection.close())
    connection.onLost = () => queue.end()
    connection.onEvent = (fields) => {
      const event = decodeEvent(this.#epoch, fields)
      if (event !== null) queue.push(event)
    }
    connection
      .request('HELLO', { VERSION: protocolVersion })
      .then(async ({ fields }) => {
        // Another one may be there meanwhile, whose numbers are no numbers of this one.
        if (fields.text('EPOCH') !== this.#epoch) queue.end()
        else await connection.request('SUBSCRIBE', { EPOCH: since.epoch, SEQ: since.seq })
      })
      .catch(() => queue.end())
    return queue
  }

  #event(fields: Fields): void {
    const event = decodeEvent(this.#epoch, fields)
    if (event === null) return
    this.#onEvent(event)
    for (const reader of this.#readers) reader.push(event)
  }
}
