// Gives what happens to everybody who listens: the keeper's events and the engine's own in one order.

import { EventQueue, gapOf } from '../keeper/events.js'
import type { Keeper } from '../keeper/keeper.js'
import type { KeeperEvent } from '../keeper/types.js'
import type { LocalEvent } from './context.js'
import type { EventPosition, HostEvent } from './events.js'
import { onAbort } from '../on-abort.js'

/** How many events may wait for a reader; then the oldest go, and a `gap` says so. */
const QUEUE_LIMIT = 16_384

interface Reader {
  readonly queue: EventQueue<HostEvent>
  /** What has happened since it began to listen, while it is told what was before. */
  held: EventQueue<HostEvent> | null
  /** Where past events come from. */
  past: EventQueue<KeeperEvent> | null
}

export class EventHub {
  readonly #readers = new Set<Reader>()
  #last: EventPosition = { epoch: '', seq: 0 }
  #closed: (() => Error) | null = null

  /** @param last the keeper's last event before all that are published here */
  begin(last: EventPosition): void {
    this.#last = last
  }

  /** The keeper's: from whichever keeper is there now. */
  publish(event: KeeperEvent): void {
    this.#last = { epoch: event.epoch, seq: event.seq }
    this.#tell(event)
  }

  /** The engine's own. */
  emit(event: LocalEvent): void {
    this.#tell(Object.freeze({ ...event, ...this.#last, time: Date.now() }))
  }

  #tell(event: HostEvent): void {
    for (const { queue, held } of this.#readers) (held ?? queue).push(event)
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
      // It has a connection of its own.
      reader.past?.end()
      forget()
    }
    const queue = new EventQueue<HostEvent>(QUEUE_LIMIT, gapOf, leave)
    const forget = onAbort(signal, () => queue.end())
    const reader: Reader = { queue, held: null, past: null }
    this.#readers.add(reader)
    const last = this.#last
    if (since !== undefined && !reaches(since, last)) {
      reader.held = new EventQueue<HostEvent>(QUEUE_LIMIT, gapOf, () => undefined)
      void this.#replay(keeper, since, last, reader)
    }
    return queue
  }

  /** Tells a reader what was up to `last`; what comes after that is held for it, and told then. */
  async #replay(
    keeper: () => Promise<Keeper>,
    since: EventPosition,
    last: EventPosition,
    reader: Reader,
  ): Promise<void> {
    const { queue } = reader
    try {
      const from = await keeper()
      if (!this.#readers.has(reader)) return
      const told = from.epoch === last.epoch ? await tellPast(from, since, last, reader) : since
      if (!reaches(told, last)) queue.push(gapOf({ ...told, seq: told.seq + 1 }, last))
      for (const event of reader.held?.drain() ?? []) queue.push(event)
      reader.held = null
    } catch (error) {
      if (this.#closed !== null || !(error instanceof Error)) queue.end()
      else queue.fail(error)
    }
  }

  /** Who listens has heard all. @param why for those who come later */
  close(why: () => Error): void {
    this.#closed = why
    for (const { queue } of [...this.#readers]) queue.end()
  }
}

/** Whether nothing up to `last` is missing to who was told all up to a position. */
function reaches({ epoch, seq }: EventPosition, last: EventPosition): boolean {
  // Without a keeper's name, all that there is was asked for.
  return epoch === '' ? last.seq === 0 : epoch === last.epoch && seq >= last.seq
}

/** @returns up to where it went, where the keeper ends meanwhile */
async function tellPast(
  keeper: Keeper,
  since: EventPosition,
  last: EventPosition,
  reader: Reader,
): Promise<EventPosition> {
  const past = keeper.events({ epoch: since.epoch, seq: since.seq })
  reader.past = past
  let told = since
  for await (const event of past) {
    // What is newer comes to everybody.
    const to = Math.min(event.type === 'gap' ? event.to : event.seq, last.seq)
    if (event.type === 'gap') reader.queue.push({ ...event, to })
    else if (event.seq <= last.seq) reader.queue.push(event)
    told = { epoch: event.epoch, seq: Math.max(event.seq, to) }
    if (reaches(told, last)) break
  }
  return told
}
