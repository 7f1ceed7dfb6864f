// Rounds over all rows: in each round every row takes its turn once, in a new order, so that no row
// always pays for the same neighbour's aftermath.
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Row, Running, Span } from './row.js'

/** Samples in milliseconds (or kB), by the name of the row. */
export type Samples = Map<string, number[]>

export interface Rhythm {
  samples: number
  /** Pause before each sample, for the aftermath of the one before. */
  pause: number
  signal: AbortSignal
}

export async function rounds<T extends Row>(
  rows: readonly T[],
  { samples, pause, signal }: Rhythm,
  turn: (row: T, round: number) => Promise<void>,
): Promise<void> {
  for (let round = 0; round < samples; round++) {
    for (const row of shuffled(rows)) {
      signal.throwIfAborted()
      await sleep(pause)
      await turn(row, round)
    }
    if (process.stderr.isTTY) process.stderr.write(`\r${round + 1}/${samples} `)
  }
  if (process.stderr.isTTY) process.stderr.write('\r')
}

export function add(samples: Samples, who: string, value: number): void {
  const known = samples.get(who)
  if (known) known.push(value)
  else samples.set(who, [value])
}

export const milliseconds = ({ begin, end }: Span): number => (end - begin) / 1e6

/** The moment at which the guest's init entered, which it has written into its own name. */
export async function stamp({ init }: Running): Promise<number> {
  const deadline = Date.now() + 10_000
  while (Date.now() < deadline) {
    const name = readFileSync(`/proc/${init}/comm`, 'utf8').trimEnd()
    if (/^[0-9a-f]{15}$/.test(name)) return Number.parseInt(name, 16)
    await sleep(1)
  }
  throw new Error(`process ${init} did not become the guest's init`)
}

function shuffled<T>(items: readonly T[]): T[] {
  return items
    .map((item) => ({ item, key: Math.random() }))
    .sort((a, b) => a.key - b.key)
    .map(({ item }) => item)
}
