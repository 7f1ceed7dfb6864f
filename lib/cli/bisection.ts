// Which of many containers makes the trouble: halves of them are suspended, until one is left.

import { availableParallelism } from 'node:os'
import { abandon } from '../abandon.js'
import { at } from './daemon-client.js'
import { RefusedError } from './errors.js'
import { inParallel } from '../in-parallel.js'
import { isYes, type Questions } from './questions.js'
import type { Session } from './session.js'

/** What suspends a container, and what takes that back. */
const ACTIONS = {
  freeze: { suspend: 'freeze', resume: 'thaw' },
  stop: { suspend: 'stop', resume: 'start' },
} as const

export type SuspendAction = keyof typeof ACTIONS

export class Bisection {
  readonly #session: Session
  readonly #action: SuspendAction
  readonly #signal: AbortSignal
  /** By us, or perhaps so. */
  readonly #suspended = new Set<string>()

  /** @param signal nothing more is suspended */
  constructor(session: Session, action: SuspendAction, signal: AbortSignal) {
    this.#session = session
    this.#action = action
    this.#signal = signal
  }

  /** @returns the one; @throws the reason of the signal, or Error at the end of input */
  async search(all: readonly string[], questions: Questions): Promise<string> {
    let left = all
    // Those that are left: the trouble is there while the one runs, and away while it does not.
    let suspended = false
    while (left.length > 1) {
      const half = left.slice(0, Math.ceil(left.length / 2))
      const rest = left.slice(half.length)
      await (suspended ? this.#resume(half) : this.#suspend(half))
      const itsOne = await this.#changed(questions)
      left = itsOne ? half : rest
      if (itsOne) {
        // The half has done it; the others are of no more interest.
        await this.#resume(rest)
        suspended = !suspended
      } else await this.#resume(half)
      this.#session.tell(`Narrowed down to ${left.length} of ${all.length} containers`)
    }
    return left[0] as string
  }

  /** @returns those for which it did not work */
  async resumeAll(): Promise<readonly string[]> {
    await this.#resume([...this.#suspended])
    return [...this.#suspended]
  }

  async #changed(questions: Questions): Promise<boolean> {
    for (;;) {
      this.#signal.throwIfAborted()
      const answer = await abandon(
        questions.ask('Has the situation changed? [y/n]: '),
        this.#signal,
      )
      if (answer === null) throw new Error('there are no more answers')
      if (isYes(answer)) return true
      if (answer === 'n' || answer === 'no') return false
    }
  }

  async #suspend(containers: readonly string[]): Promise<void> {
    await this.#each(containers, 'suspend', async (container, ask) => {
      this.#suspended.add(container)
      try {
        await ask()
      } catch (error) {
        // Of any other failure nobody knows whether it was done.
        if (error instanceof RefusedError) this.#suspended.delete(container)
        throw error
      }
    })
    this.#signal.throwIfAborted()
  }

  async #resume(containers: readonly string[]): Promise<void> {
    const ours = containers.filter((container) => this.#suspended.has(container))
    await this.#each(ours, 'resume', async (container, ask) => {
      await ask()
      this.#suspended.delete(container)
    })
  }

  async #each(
    containers: readonly string[],
    what: 'suspend' | 'resume',
    work: (container: string, ask: () => Promise<unknown>) => Promise<void>,
  ): Promise<void> {
    const { daemon } = this.#session
    const action = ACTIONS[this.#action][what]
    let done = 0
    await inParallel(containers, availableParallelism(), async (container) => {
      if (what === 'suspend' && this.#signal.aborted) return
      const outcome = await work(container, () =>
        daemon.ask(at`POST /containers/${container}/` + action),
      ).then(
        () => 'ok',
        (error: unknown) => `error: ${(error as Error).message}`,
      )
      this.#session.tell(`[${++done}/${containers.length}] ${action} ${container} ... ${outcome}`)
    })
  }
}
