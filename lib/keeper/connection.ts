// One connection to the keeper: requests find their answers by number, events go to whoever listens.
import { closeSync } from 'node:fs'
import { native } from '#native'
import type { ConnectionEvent } from '../../types/native/keeper.js'
import { ClosedError, SystemError } from '../errors.js'
import { DescriptorsMissingError, KeeperError, KeeperLostError } from './errors.js'
import {
  decodeFrame,
  encodeFrame,
  type Fields,
  kinds,
  type FieldValues,
  type Kind,
  type Tag,
} from './protocol.js'
import { onAbort } from '../on-abort.js'

export interface Answer {
  fields: Fields
  /** Owned by the caller from here on. */
  fds: number[]
}

type ReceivedFrame = Extract<ConnectionEvent, { type: 'frame' }>

interface Waiting {
  resolve(answer: Answer): void
  reject(error: Error): void
  collected: Collected | null
}

/** An answer in several frames. */
interface Collected {
  readonly frames: Answer[]
  isLast(frame: Fields): boolean
  /** Called with the last one. */
  whole(): void
}

export class Connection {
  readonly #stateDir: string
  readonly #socket
  readonly #waiting = new Map<number, Waiting>()
  readonly #unsent: { id: number; frame: Buffer; fds: number[] }[] = []
  #next = 1
  /** Why nothing can be asked any more. */
  #ended: Error | null = null
  /** Called for each event. */
  onEvent: (fields: Fields) => void = () => {}
  /** Called once, when the keeper went away by itself. */
  onLost: () => void = () => {}

  /** @throws SystemError ENOENT or ECONNREFUSED when no keeper is there */
  constructor(stateDir: string) {
    this.#stateDir = stateDir
    this.#socket = native.keeper.connect(`${stateDir}/keeper/socket`, (event) => {
      if (event.type === 'frame') this.#received(event)
      else this.#lost()
    })
  }

  get open(): boolean {
    return this.#ended === null
  }

  /** Another connection to the same keeper. */
  sibling(): Connection {
    return new Connection(this.#stateDir)
  }

  /**
   * @param values fields, or what `encodeFields()` made of them
   * @param fds the keeper gets copies; they stay open until the answer
   */
  request(
    kind: Kind,
    values: FieldValues | Buffer = {},
    signal?: AbortSignal,
    fds: number[] = [],
  ): Promise<Answer> {
    return this.#ask(kind, values, signal, null, fds)
  }

  /**
   * For lists, which come in as many frames as they need.
   *
   * @param read is given the list before anything that the keeper sent after it
   */
  async list<T>(kind: Kind, read: (items: Fields[]) => T[]): Promise<T[]> {
    const frames: Answer[] = []
    let result: T[] = []
    const whole = (): void => {
      result = read(frames.flatMap((frame) => frame.fields.items()))
    }
    const isLast = (frame: Fields): boolean => frame.has('DONE')
    await this.#ask(kind, {}, undefined, { frames, isLast, whole })
    return result
  }

  /** For lists of texts, where each frame but the last says that more come: older keepers send one. */
  async texts(kind: Kind, values: FieldValues, tag: Tag): Promise<string[]> {
    const frames: Answer[] = []
    const isLast = (frame: Fields): boolean => !frame.has('NEXT')
    await this.#ask(kind, values, undefined, { frames, isLast, whole: () => undefined })
    return frames.flatMap(({ fields }) => fields.texts(tag))
  }

  async #ask(
    kind: Kind,
    values: FieldValues | Buffer,
    signal: AbortSignal | undefined,
    collected: Collected | null,
    fds: number[] = [],
  ): Promise<Answer> {
    signal?.throwIfAborted()
    if (this.#ended !== null) throw this.#ended
    const id = this.#next
    this.#next = (this.#next % 0xffff_ffff) + 1
    const frame = encodeFrame(kind, id, values)
    const answer = new Promise<Answer>((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject, collected })
    })
    this.#send(id, frame, fds)
    if (signal === undefined) return await answer
    const forget = onAbort(signal, () => {
      this.request('ABORT', { REQUEST: id }).catch(() => {
        // It was answered meanwhile; then the abort came too late to matter.
      })
    })
    try {
      return await answer
    } catch (error) {
      // Who asked has something to undo then.
      if (!(error instanceof DescriptorsMissingError)) signal.throwIfAborted()
      throw error
    } finally {
      forget()
    }
  }

  #send(id: number, frame: Buffer, fds: number[]): void {
    this.#unsent.push({ id, frame, fds })
    if (this.#unsent.length === 1) this.#flush()
  }

  #flush(): void {
    for (let next = this.#unsent[0]; next !== undefined && this.open; next = this.#unsent[0]) {
      try {
        // Full: the keeper is behind. There is no readiness event for so rare a case.
        if (!native.keeper.send(this.#socket, next.frame, next.fds)) {
          setTimeout(() => this.#flush(), 5)
          return
        }
      } catch (error) {
        this.#unanswered(next.id, error)
      }
      this.#unsent.shift()
    }
  }

  // It may have gone, which is told in a moment.
  #unanswered(id: number, error: unknown): void {
    const gone = error instanceof SystemError && ['EPIPE', 'ECONNRESET'].includes(error.code)
    const reason = gone ? new KeeperLostError(this.#stateDir) : error
    this.#waiting.get(id)?.reject(reason instanceof Error ? reason : new Error(String(reason)))
    this.#waiting.delete(id)
  }

  #received({ frame: bytes, fds, bare }: ReceivedFrame): void {
    const frame = decodeFrame(bytes)
    if (frame.kind === kinds.EVENT) return this.onEvent(frame.fields)
    const waiting = this.#waiting.get(frame.id)
    if (waiting === undefined) {
      for (const fd of fds) closeSync(fd)
      return
    }
    if (bare) {
      this.#waiting.delete(frame.id)
      return waiting.reject(new DescriptorsMissingError(frame.fields))
    }
    const answer = { fields: frame.fields, fds }
    if (waiting.collected !== null && frame.kind === kinds.REPLY) {
      waiting.collected.frames.push(answer)
      if (!waiting.collected.isLast(frame.fields)) return
      waiting.collected.whole()
    }
    this.#waiting.delete(frame.id)
    if (frame.kind === kinds.REPLY) waiting.resolve(answer)
    else waiting.reject(new KeeperError(frame.fields))
  }

  #lost(): void {
    if (!this.open) return
    this.#end(new KeeperLostError(this.#stateDir))
    this.onLost()
  }

  #end(error: Error): void {
    this.#ended = error
    native.keeper.disconnect(this.#socket)
    for (const waiting of this.#waiting.values()) waiting.reject(error)
    this.#waiting.clear()
  }

  close(): void {
    if (this.open) this.#end(new ClosedError(`connection to the keeper of ${this.#stateDir}`))
  }
}
