// How much of the time somebody has waited for a processor, a disk or memory: the kernel's pressure stall
// information, Documentation/accounting/psi.rst, Linux 4.20.

import { readFileSync } from 'node:fs'

const RESOURCES = ['cpu', 'io', 'memory'] as const

/** Parts of the time between two looks, from 0 to 1. */
export type Pressure = Readonly<Record<(typeof RESOURCES)[number], number>>

interface Look {
  readonly atMs: number
  /** Microseconds since the machine was booted. */
  readonly stalled: Readonly<Record<(typeof RESOURCES)[number], number>>
}

export class PressureMeter {
  #last: Look | null = null

  /**
   * Since the last look, as the kernel's own averages are of ten seconds and more. Null at the first one, and
   * where the kernel does not tell (`psi=0`).
   */
  look(): Pressure | null {
    const before = this.#last
    const now = lookNow()
    this.#last = now
    if (before === null || now === null || now.atMs <= before.atMs) return null
    const part = (name: (typeof RESOURCES)[number]) =>
      Math.min(1, (now.stalled[name] - before.stalled[name]) / 1000 / (now.atMs - before.atMs))
    return { cpu: part('cpu'), io: part('io'), memory: part('memory') }
  }
}

// In memory: neither waits for anything.
function lookNow(): Look | null {
  try {
    const [cpu, io, memory] = RESOURCES.map(stalledIn)
    if (cpu === undefined || io === undefined || memory === undefined) return null
    return { atMs: performance.now(), stalled: { cpu, io, memory } }
  } catch {
    return null
  }
}

function stalledIn(resource: string): number {
  const text = readFileSync(`/proc/pressure/${resource}`, 'utf8')
  return Number(/^some .*\btotal=(\d+)/m.exec(text)?.[1])
}
