// The case `event-loop-delay`: this process while our row starts containers, beside the same process
// doing nothing. Not blocking the caller is half of the point. These starts are not those that are timed:
// a tick a millisecond takes the CPU away from a start.
import { setTimeout as sleep } from 'node:timers/promises'
import { type Row, now } from './row.js'
import { type Rhythm, type Samples, rounds } from './sample.js'

/**
 * Milliseconds between ticks of a timer of 1 ms. Node's own histogram would count the time between two
 * spans of watching as one long delay.
 */
class LoopWatch {
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

export async function loopDelays(row: Row, rhythm: Rhythm): Promise<Samples> {
  const [busy, idle] = [new LoopWatch(), new LoopWatch()]
  await rounds([row], rhythm, async () => {
    busy.resume()
    const running = await row.start()
    busy.pause()
    await row.stop(running)
  })
  idle.resume()
  await sleep(500)
  idle.pause()
  return new Map([
    [row.who, busy.gaps],
    ['floor, idle', idle.gaps],
  ])
}
