// The figures, for people and as JSON.
import { type Isolation, describe } from './isolation.js'
import type { Machine } from './machine.js'
import type { Samples } from './sample.js'
import { type Summary, summarize } from './statistics.js'

export interface CaseResult {
  name: string
  unit: string
  rows: (Summary & { who: string })[]
}

export interface Report {
  machine: Machine
  cases: CaseResult[]
}

export function caseResult(name: string, unit: string, samples: Samples): CaseResult {
  const rows = [...samples].map(([who, values]) => ({ who, ...summarize(values) }))
  return { name, unit, rows: rows.sort((a, b) => a.median - b.median) }
}

/** A table of one case; every row as a multiple of those that the base names begin. */
export function table({ name, unit, rows }: CaseResult, bases: string[]): string {
  const found = bases.flatMap((base) => rows.find(({ who }) => who === base) ?? [])
  const lines = [
    [name, `median ${unit}`, 'p99', 'n', ...found.map(({ who }) => `x ${who}`)],
    ...rows.map(({ who, median, p99, n }) => [
      who,
      figure(median),
      figure(p99),
      String(n),
      ...found.map((base) => figure(median / base.median)),
    ]),
  ]
  const widths = (lines[0] ?? []).map((_, column) =>
    Math.max(...lines.map((line) => line[column]?.length ?? 0)),
  )
  return lines
    .map((line) =>
      line
        .map((cell, column) =>
          column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
        )
        .join('  '),
    )
    .join('\n')
}

export function isolationTable(isolation: ReadonlyMap<string, Isolation>): string {
  const same = new Map<string, string[]>()
  for (const [who, facts] of isolation) {
    const text = describe(facts)
    same.set(text, [...(same.get(text) ?? []), who])
  }
  const lines = [...same].map(([text, who]) => `${who.join(', ')}:\n  ${text}`)
  return ['isolation, read from the running container', ...lines].join('\n')
}

function figure(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toFixed(2)
}
