// Frames of the keeper's event stream as objects, and the stream as an AsyncIterable.
import type { Fields } from './protocol.js'
import { describeWaitStatus } from '../ns/pidfd.js'
import type { KeeperEvent } from './types.js'

const states = ['starting', 'running', 'frozen', 'stopping', 'aborting', 'stopped'] as const
const reasons = ['exited', 'halt', 'reboot', 'signal', 'failed', 'unknown'] as const

function oneOf<T extends string>(values: readonly T[], text: string): T | null {
  return values.find((value) => value === text) ?? null
}

type ExitEvent = Extract<KeeperEvent, { type: 'exit' }>

/** Null where a newer keeper has a reason that we do not know. */
export function decodeExit(fields: Fields): Pick<ExitEvent, 'reason' | 'code' | 'signal'> | null {
  const reason = oneOf(reasons, fields.text('REASON'))
  const exit = fields.has('STATUS')
    ? describeWaitStatus(fields.number('STATUS'))
    : { code: null, signal: null }
  return reason === null ? null : { reason, ...exit }
}

/** Null for an event of a kind that a newer keeper has and we do not know. */
export function decodeEvent(epoch: string, fields: Fields): KeeperEvent | null {
  const type = fields.text('TYPE')
  const base = { epoch, seq: fields.number('SEQ'), time: fields.number('TIME') }
  const named = { ...base, pool: fields.text('POOL'), id: fields.text('ID') }
  switch (type) {
    case 'gap':
      return { ...base, type, from: fields.number('FROM'), to: fields.number('TO') }
    case 'state': {
      const state = oneOf(states, fields.text('STATE'))
      const initPid = fields.has('INIT_PID') ? fields.number('INIT_PID') : null
      return state === null ? null : { ...named, type, state, initPid }
    }
    case 'exit': {
      const exit = decodeExit(fields)
      return exit === null ? null : { ...named, type, ...exit }
    }
    case 'ready':
      return { ...named, type, status: fields.text('DETAIL') }
    case 'session':
      return {
        ...named,
        type,
        session: fields.number('SESSION'),
        ...describeWaitStatus(fields.number('STATUS')),
      }
    default:
      return null
  }
}

/** Where an event stands, or the end of what was told. */
interface Position {
  readonly epoch: string
  readonly seq: number
}

/** In place of events that are lost: who goes on after it misses nothing else. */
export function gapOf(first: Position, last: Position): KeeperEvent {
  const { epoch, seq } = last
  const from = first.epoch === epoch ? first.seq : 0
  return { type: 'gap', epoch, seq, time: Date.now(), from, to: seq }
}

/** One reader of a stream of things that happen whether it reads or not. */
export class EventQueue<T> implements AsyncIterableIterator<T> {
  readonly #items: T[] = []
  readonly #limit: number
  readonly #overflow: (first: T, last: T) => T
  readonly #left: () => void
  #dropped: { readonly first: T; readonly last: T } | null = null
  #ended = false
  #failure: Error | null = null
  #waiting: {
    readonly resolve: (result: IteratorResult<T>) => void
    readonly reject: (error: Error) => void
  } | null = null

  /**
   * @param limit how many may wait for the reader
   * @param overflow says that some were dropped, in place of them, from the first to the last
   * @param left called once, when the reader leaves or the stream ends
   */
  constructor(limit: number, overflow: (first: T, last: T) => T, left: () => void) {
    this.#limit = limit
    this.#overflow = overflow
    this.#left = left
  }

  push(item: T): void {
    if (this.#ended) return
    if (this.#waiting !== null) {
      const { resolve } = this.#waiting
      this.#waiting = null
      resolve({ done: false, value: item })
    } else if (this.#items.length < this.#limit) {
      this.#items.push(item)
    } else {
      const last = this.#items.shift() as T
      this.#dropped = { first: this.#dropped?.first ?? last, last }
      this.#items.push(item)
    }
  }

  end(): void {
    if (this.#ended) return
    this.#ended = true
    this.#left()
    this.#waiting?.resolve({ done: true, value: undefined })
    this.#waiting = null
  }

  /** The reader is told, after what waits for it. */
  fail(error: Error): void {
    if (this.#ended) return
    if (this.#waiting === null) this.#failure = error
    this.#waiting?.reject(error)
    this.#waiting = null
    this.end()
  }

  next(): Promise<IteratorResult<T>> {
    const value = this.#take()
    if (value !== undefined) return Promise.resolve({ done: false, value })
    if (this.#failure !== null) {
      const failure = this.#failure
      this.#failure = null
      return Promise.reject(failure)
    }
    if (this.#ended) return Promise.resolve({ done: true, value: undefined })
    return new Promise((resolve, reject) => (this.#waiting = { resolve, reject }))
  }

  #take(): T | undefined {
    if (this.#dropped === null) return this.#items.shift()
    const { first, last } = this.#dropped
    this.#dropped = null
    return this.#overflow(first, last)
  }

  /** All that waits for the reader. */
  drain(): T[] {
    const waiting: T[] = []
    for (let item = this.#take(); item !== undefined; item = this.#take()) waiting.push(item)
    return waiting
  }

  return(): Promise<IteratorResult<T>> {
    this.end()
    this.#dropped = null
    this.#items.length = 0
    return Promise.resolve({ done: true, value: undefined })
  }

  [Symbol.asyncIterator](): this {
    return this
  }
  async [Symbol.asyncDispose](): Promise<void> {
    await this.return()
  }
}
