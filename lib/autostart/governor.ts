// Lets starts in by what the machine can bear: some at any time, and more for as long as nobody has to wait. How many
// more doubles while the pressure is low, and is halved when it is not, as TCP finds out about a network.

import { setTimeout as sleep } from 'node:timers/promises'
import type { Pressure } from './pressure.js'

/** Parts of the time in which somebody may wait. Where one is exceeded, less is let in. */
const BEARABLE: Pressure = { cpu: 0.5, io: 0.4, memory: 0.05 }
const TICK_MS = 250
const MOST = 256

export class Governor {
  readonly #look: () => Pressure | null
  /** How many may be in beyond those that are let in at any time. */
  #room = 0
  #beyond = 0
  #ticking = false
  readonly #waiting = new Set<() => void>()

  /** @param look at the pressure since the last look; null where that is not known, and then nothing more is let in */
  constructor(look: () => Pressure | null) {
    this.#look = look
  }

  /** How many are let in now beyond those that are let in at any time. */
  get room(): number {
    return this.#room
  }

  /**
   * Resolves when one more may begin; what it answers is disposed of when that is over.
   *
   * @param always whether it is one of those that are let in at any time; asked again while it waits
   */
  async admit(always: () => boolean): Promise<Disposable> {
    for (;;) {
      if (always()) return { [Symbol.dispose]: () => this.#wake() }
      if (this.#beyond < this.#room) {
        this.#beyond++
        return {
          [Symbol.dispose]: () => {
            this.#beyond--
            this.#wake()
          },
        }
      }
      const asked = new Promise<void>((resolve) => this.#waiting.add(resolve))
      void this.#tick()
      await asked
    }
  }

  #wake(): void {
    const all = [...this.#waiting]
    this.#waiting.clear()
    for (const resolve of all) resolve()
  }

  async #tick(): Promise<void> {
    if (this.#ticking) return
    this.#ticking = true
    try {
      this.#look()
      while (this.#waiting.size > 0 || this.#beyond > 0) {
        await sleep(TICK_MS)
        this.#room = this.#next(this.#look())
        this.#wake()
        // Who is let in, or waits again, does so before the next look.
        await sleep(0)
      }
    } finally {
      this.#ticking = false
      this.#room = 0
    }
  }

  #next(pressure: Pressure | null): number {
    if (pressure === null) return 0
    const bearable = (Object.keys(BEARABLE) as (keyof Pressure)[]).every(
      (name) => pressure[name] <= BEARABLE[name],
    )
    if (!bearable) return Math.floor(this.#room / 2)
    // Only as far as it was made use of: otherwise nothing is known of what more would do.
    return this.#beyond < this.#room ? this.#room : Math.min(MOST, Math.max(1, this.#room * 2))
  }
}
