// Event-loop delay of this process while our row runs, beside the same process doing nothing. Not
// blocking the caller is half of the point.
import { setTimeout as sleep } from 'node:timers/promises'
import { now } from './row.js'

/**
 * Milliseconds between ticks of a timer of 1 ms. Node's own histogram would count the time between two
 * spans of watching as one long delay.
 */
export class LoopWatch {
  readonly gaps: number[] = []
  #last = 0
  #timer: NodeJS.Timeout | undefined

  resume(): void {
    this.#last = now()
    this.#timer = setTimeout(() => this.#tick(), 1)
  }

  pause(): void {
    clearTimeout(this.#timer)
  }

  #tick(): void {
    this.gaps.push((now() - this.#last) / 1e6)
    this.resume()
  }
}

export async function watchIdle(): Promise<number[]> {
  const watch = new LoopWatch()
  watch.resume()
  await sleep(500)
  watch.pause()
  return watch.gaps
}
