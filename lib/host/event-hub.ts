// Gives what happens to everybody who listens: the keeper's events and the engine's own in one order.

import { EventQueue } from '../keeper/events.js'
import type { Keeper } from '../keeper/keeper.js'
import type { KeeperEvent } from '../keeper/types.js'
import type { LocalEvent } from './context.js'
import type { EventPosition, HostEvent } from './events.js'
import { onAbort } from '../on-abort.js'

/** How many events may wait for a reader; then the oldest go, and a `gap` says so. */
const QUEUE_LIMIT = 16_384

interface Reader {
  readonly queue: EventQueue<HostEvent>
  /** While past events come, those of the keeper come with them. */
  replaying: boolean
  /** Where past events come from. */
  past: EventQueue<KeeperEvent> | null
}

export class EventHub {
  readonly #readers = new Set<Reader>()
  #last: EventPosition = { epoch: '', seq: 0 }
  #closed: (() => Error) | null = null

  /** The keeper's: from whichever keeper is there now. */
  publish(event: KeeperEvent): void {
    this.#last = { epoch: event.epoch, seq: event.seq }
    for (const { queue, replaying } of this.#readers) if (!replaying) queue.push(event)
  }

  /** The engine's own. */
  emit(event: LocalEvent): void {
    const placed = Object.freeze({ ...event, ...this.#last, time: Date.now() })
    for (const { queue } of this.#readers) queue.push(placed)
  }

  /** Another keeper took over. What the first one saw at its end is unknown, and has no numbers here. */
  gap(epoch: string): void {
    this.publish({ type: 'gap', epoch, seq: 0, time: Date.now(), from: 0, to: 0 })
  }

  subscribe(
    keeper: () => Promise<Keeper>,
    since: EventPosition | undefined,
    signal: AbortSignal | undefined,
  ): AsyncIterableIterator<HostEvent> {
    if (this.#closed !== null) throw this.#closed()
    signal?.throwIfAborted()
    const leave = () => {
      this.#readers.delete(reader)
      // It has a connection of its own, and would wait for the next event for ever.
      reader.past?.end()
      forget()
    }
    const queue = new EventQueue<HostEvent>(QUEUE_LIMIT, (dropped) => this.#lost(dropped), leave)
    const forget = onAbort(signal, () => queue.end())
    const reader: Reader = { queue, replaying: since !== undefined, past: null }
    this.#readers.add(reader)
    if (since !== undefined) void this.#replay(keeper, since, reader)
    return queue
  }

  async #replay(
    keeper: () => Promise<Keeper>,
    { epoch, seq }: EventPosition,
    reader: Reader,
  ): Promise<void> {
    try {
      const from = await keeper()
      if (!this.#readers.has(reader)) return
      reader.past = from.events({ epoch, seq })
      for await (const event of reader.past) reader.queue.push(event)
      reader.replaying = false
    } catch (error) {
      if (this.#closed !== null || !(error instanceof Error)) reader.queue.end()
      else reader.queue.fail(error)
    }
  }

  #lost(dropped: number): HostEvent {
    const { epoch, seq } = this.#last
    return { type: 'gap', epoch, seq, time: Date.now(), from: Math.max(0, seq - dropped), to: seq }
  }

  /** Who listens has heard all. @param why for those who come later */
  close(why: () => Error): void {
    this.#closed = why
    for (const { queue } of [...this.#readers]) queue.end()
  }
}
