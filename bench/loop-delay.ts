// Event-loop delay of this process while our row runs, beside the same process doing nothing. Not
// blocking the caller is half of the point.
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Summary } from './statistics.js'

export interface LoopDelay {
  busy: Summary & { max: number }
  idle: Summary & { max: number }
}

export interface LoopWatch {
  resume(): void
  pause(): void
  end(): Promise<LoopDelay>
}

export function watchLoop(): LoopWatch {
  const busy = monitorEventLoopDelay({ resolution: 1 })
  return {
    resume: () => busy.enable(),
    pause: () => busy.disable(),
    async end() {
      const idle = monitorEventLoopDelay({ resolution: 1 })
      idle.enable()
      await sleep(500)
      idle.disable()
      return { busy: summary(busy), idle: summary(idle) }
    },
  }
}

function summary(histogram: ReturnType<typeof monitorEventLoopDelay>): Summary & { max: number } {
  const [median, p99] = [histogram.percentile(50) / 1e6, histogram.percentile(99) / 1e6]
  return { median, p99, n: histogram.count, max: histogram.max / 1e6 }
}
