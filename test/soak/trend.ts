// Whether a count grows: a line is laid through its samples, and judged by what is sure of its slope.
import type { Count, Rule } from './counts.js'

export interface Sample {
  readonly round: number
  readonly counts: readonly Count[]
}

export interface Trend {
  readonly name: string
  readonly rule: Rule
  readonly shared: boolean
  readonly first: number
  readonly last: number
  readonly most: number
  /** Per 1,000 rounds, and twice its standard error; null with fewer than four samples. */
  readonly slope: number | null
  readonly error: number | null
  readonly grows: boolean
  /** What there is more of than at first. */
  readonly added: readonly string[]
}

const THOUSAND = 1000

/** All samples of a run, in little memory, as that is what is measured. */
export class Series {
  readonly #rounds: number[] = []
  readonly #values = new Map<string, number[]>()
  #first: readonly Count[] | null = null
  #last: readonly Count[] = []

  add({ round, counts }: Sample): void {
    this.#first ??= counts
    this.#last = counts
    this.#rounds.push(round)
    for (const { name, value } of counts) {
      const values = this.#values.get(name)
      if (values === undefined) this.#values.set(name, [value])
      else values.push(value)
    }
  }

  /** @param shared whether counts of the whole machine decide */
  trends({ shared }: { shared: boolean }): Trend[] {
    const rounds = (this.#rounds.at(-1) ?? 0) - (this.#rounds[0] ?? 0)
    return this.#last.map((count) => {
      const values = this.#values.get(count.name) ?? []
      const first = this.#first?.find(({ name }) => name === count.name)
      // What came late, as a new cache of the kernel, was sampled last.
      const points = values.map((value, i) => ({
        round: this.#rounds[this.#rounds.length - values.length + i] ?? 0,
        value,
      }))
      const fit = points.length < 4 ? null : line(points)
      return {
        name: count.name,
        rule: count.rule,
        shared: count.shared,
        first: first?.value ?? 0,
        last: count.value,
        most: Math.max(...values),
        slope: fit === null ? null : fit.slope * THOUSAND,
        error: fit === null ? null : fit.error * THOUSAND,
        grows: (shared || !count.shared) && grows(count, first?.value ?? 0, fit, rounds),
        added: surplus(first?.lines ?? [], count.lines),
      }
    })
  }
}

function grows({ rule, value }: Count, first: number, fit: Fit | null, rounds: number): boolean {
  if (rule === 'shown') return false
  if (rule === 'exact') return value > first
  if (fit === null) return false
  // What is not sure is no growth; a short run may grow as much as a thousand rounds.
  return (fit.slope - fit.error) * rounds > rule * Math.max(1, rounds / THOUSAND)
}

interface Fit {
  readonly slope: number
  /** Twice the standard error of the slope. */
  readonly error: number
}

/** Least squares. */
export function line(points: readonly { round: number; value: number }[]): Fit {
  const n = points.length
  const meanX = points.reduce((sum, { round }) => sum + round, 0) / n
  const meanY = points.reduce((sum, { value }) => sum + value, 0) / n
  let [xx, xy] = [0, 0]
  for (const { round, value } of points) {
    xx += (round - meanX) ** 2
    xy += (round - meanX) * (value - meanY)
  }
  const slope = xy / xx
  const rest = points.reduce(
    (sum, { round, value }) => sum + (value - meanY - slope * (round - meanX)) ** 2,
    0,
  )
  return { slope, error: 2 * Math.sqrt(rest / (n - 2) / xx) }
}

/** Lines of `after` that `before` has not, or not so often. */
export function surplus(before: readonly string[], after: readonly string[]): string[] {
  const left = new Map<string, number>()
  for (const text of before) left.set(text, (left.get(text) ?? 0) + 1)
  return after.filter((text) => {
    const count = left.get(text) ?? 0
    left.set(text, count - 1)
    return count <= 0
  })
}
