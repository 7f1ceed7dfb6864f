// What a container is doing, as far as the keeper's events have told.

import { EventEmitter } from 'node:events'
import type { KeeperEvent, Known } from '../keeper/types.js'
import type { SignalName } from '../ns/signal.js'
import { onAbort } from '../on-abort.js'

export const CONTAINER_STATES = [
  'staged',
  'stopped',
  'starting',
  'running',
  'stopping',
  'aborting',
  'freezing',
  'frozen',
  'error',
] as const

export type ContainerState = (typeof CONTAINER_STATES)[number]

/** How a run ended. */
export interface ContainerExit {
  /** `halt` and `reboot` were asked for inside; `signal` ended init from outside. */
  readonly reason: 'exited' | 'halt' | 'reboot' | 'signal' | 'failed' | 'unknown'
  readonly code: number | null
  readonly signal: SignalName | null
}

/** The state of one container, and the way to wait for another one. */
export class RunState {
  #state: ContainerState = 'stopped'
  #initPid: number | null = null
  #ready: { status: string } | null = null
  #exit: ContainerExit | null = null
  #runs = 0
  readonly #changes = new EventEmitter().setMaxListeners(0)
  readonly #gone: AbortSignal

  /** @param gone when there will be no more changes: nobody waits for one for ever */
  constructor(gone: AbortSignal) {
    this.#gone = gone
  }

  get state(): ContainerState {
    return this.#state
  }

  get initPid(): number | null {
    return this.#initPid
  }

  /** What the guest's init said when it was up; null before, and for inits that say nothing. */
  get ready(): { status: string } | null {
    return this.#ready
  }

  /** How the last run ended. */
  get exit(): ContainerExit | null {
    return this.#exit
  }

  /** How many times it came to run; tells one run from the next. */
  get runs(): number {
    return this.#runs
  }

  /** True while there are processes of it, whatever they do. */
  get alive(): boolean {
    return !['staged', 'stopped', 'error'].includes(this.#state)
  }

  /** What is done to it by us. Nothing once it has ended, of which an event may have told meanwhile. */
  set(state: ContainerState): void {
    if (this.alive) this.#set(state)
  }

  #set(state: ContainerState): void {
    if (state === this.#state) return
    this.#state = state
    this.#changes.emit('change')
  }

  /**
   * True when this was news: another run than the one that is known.
   *
   * @param initPid null where the keeper cannot see it yet; it tells once more when it can
   */
  started(initPid: number | null): boolean {
    const same = this.#initPid === null ? this.#state !== 'starting' : this.#initPid === initPid
    if (same && this.alive) {
      this.#initPid = initPid
      if (this.#state === 'frozen') this.#set('running')
      return false
    }
    this.#initPid = initPid
    this.#ready = null
    this.#runs += 1
    this.#state = 'running'
    this.#changes.emit('change')
    return true
  }

  /** Takes over what the keeper says about a container that it already has. */
  adopt({ state, initPid, ready }: Known): void {
    if (initPid !== null) this.started(initPid)
    this.#state = state
    this.#ready = ready ? { status: '' } : null
    this.#changes.emit('change')
  }

  /** How a run ended that nobody here has seen end. */
  endedBefore(exit: ContainerExit): void {
    this.#exit ??= exit
  }

  /** The keeper does not have it any more. */
  lost(): void {
    if (this.alive) this.#stopped()
  }

  /** True when a new run has begun. */
  apply(event: KeeperEvent): boolean {
    if (event.type === 'state') {
      if (event.state === 'running') return this.started(event.initPid)
      if (event.state === 'stopped') this.#stopped()
      // The answer to a start may have been here before.
      else if (event.state !== 'starting' || !this.alive) this.#set(event.state)
    } else if (event.type === 'exit') {
      const { reason, code, signal } = event
      this.#exit = Object.freeze({ reason, code, signal })
    } else if (event.type === 'ready') {
      this.#ready = { status: event.status }
      this.#changes.emit('change')
    }
    return false
  }

  #stopped(): void {
    this.#state = 'stopped'
    this.#initPid = null
    this.#ready = null
    this.#changes.emit('change')
  }

  /**
   * Resolves with what `done` answers as soon as it answers something; it may also throw. Rejects when
   * the container is gone.
   */
  async until<T>(done: () => T | undefined, signal?: AbortSignal): Promise<T> {
    this.#gone.throwIfAborted()
    signal?.throwIfAborted()
    const now = done()
    if (now !== undefined) return now
    return new Promise<T>((resolve, reject) => {
      const finish = (settle: () => void) => {
        this.#changes.off('change', check)
        for (const one of forget) one()
        settle()
      }
      const abort = () => {
        const cause = this.#gone.aborted ? this.#gone : signal
        // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- the caller's own
        finish(() => reject(cause?.reason))
      }
      const check = () => {
        try {
          const value = done()
          if (value !== undefined) finish(() => resolve(value))
        } catch (error) {
          // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- passed on
          finish(() => reject(error))
        }
      }
      this.#changes.on('change', check)
      const forget = [onAbort(signal, abort), onAbort(this.#gone, abort)]
    })
  }
}
