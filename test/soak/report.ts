// What was counted, as text.
import type { Progress, Outcome } from './soak.js'
import type { Trend } from './trend.js'

const SHOWN = [
  'processes',
  'cgroups',
  'mounts',
  'files',
  'Node: descriptors',
  'keeper: descriptors',
  'keeper: kB anonymous',
  'Node: kB of heap',
  'machine: kB SUnreclaim',
]

export function progressLine({ round, rate, sample }: Progress): string {
  const counts = SHOWN.map((name) => {
    const found = sample.counts.find((count) => count.name === name)
    return `${name} ${found?.value.toFixed(0) ?? '?'}`
  })
  return `round ${round}, ${rate.toFixed(2)} a second; ${counts.join(', ')}`
}

/** The table, without what decides nothing and has not changed. */
export function table(trends: readonly Trend[]): string {
  const rows = trends.filter(
    ({ name, rule, first, last, most, grows }) =>
      grows || !(first === last && most === first && (rule === 'shown' || name.startsWith('slab'))),
  )
  const lines = [
    ['count', 'first', 'most', 'last', 'per 1,000 rounds', '±', 'rule', ''],
    ...rows.map(({ name, rule, first, most, last, slope, error, grows }) => [
      name,
      figure(first),
      figure(most),
      figure(last),
      slope === null ? '' : figure(slope),
      error === null ? '' : figure(error),
      typeof rule === 'number' ? `at most ${rule}` : rule,
      grows ? 'GROWS' : '',
    ]),
  ]
  const widths = lines[0]?.map((_, i) => Math.max(...lines.map((row) => row[i]?.length ?? 0))) ?? []
  return lines
    .map((row) =>
      row
        .map((cell, i) =>
          i === 0 || i > 5 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0),
        )
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

/** What is wrong, a line each; empty when nothing is. */
export function faults({ trends, left }: Pick<Outcome, 'trends' | 'left'>): string[] {
  return [
    ...trends
      .filter(({ grows }) => grows)
      .flatMap(({ name, first, last, slope, added }) => [
        `${name}: from ${figure(first)} to ${figure(last)}` +
          (slope === null ? '' : `, ${figure(slope)} in 1,000 rounds`),
        ...added.slice(0, 10).map((line) => `  ${line}`),
      ]),
    ...left.map((line) => `left after the host was closed: ${line}`),
  ]
}

function figure(value: number): string {
  return Number.isInteger(value) || Math.abs(value) >= 100 ? value.toFixed(0) : value.toFixed(1)
}
