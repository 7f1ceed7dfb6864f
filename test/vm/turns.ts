// How many machines run at a time: one for each processor, and another one while much of a processor has nothing to
// do, as now and then a test waits.
import { cpus } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'

/** So long, as what follows a wait is to be seen before one more is begun. */
const LOOK_MS = 3000
/** Of one processor: a machine that computes takes one and a quarter. */
const MUCH = 0.4

export class Turns {
  readonly #always: number
  readonly #atMost: number
  #running = 0
  #last: Promise<unknown> = Promise.resolve()

  /**
   * @param always so many, whatever the processors do
   * @param room how many there is memory for
   */
  constructor(always: number, room: number) {
    this.#always = always
    this.#atMost = Math.max(always, Math.min(room, 2 * always))
  }

  /** Resolves when it may begin, in the order of those who ask; disposing of it ends it. */
  async begin(): Promise<Disposable> {
    const turn = this.#last.then(() => this.#room())
    this.#last = turn
    await turn
    return { [Symbol.dispose]: () => void this.#running-- }
  }

  async #room(): Promise<void> {
    let since = idle()
    while (this.#running >= this.#always) {
      await sleep(200)
      const now = idle()
      if (now.atMs - since.atMs < LOOK_MS) continue
      const share = (now.idleMs - since.idleMs) / (now.atMs - since.atMs)
      if (share >= MUCH && this.#running < this.#atMost) break
      since = now
    }
    this.#running++
  }
}

/** What all processors together had nothing to do for. */
function idle(): { readonly atMs: number; readonly idleMs: number } {
  const idleMs = cpus().reduce((sum, { times }) => sum + times.idle, 0)
  return { atMs: performance.now(), idleMs }
}
