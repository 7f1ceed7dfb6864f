// Steps of the demo: each shows that it goes on while it takes long, and how long it took.

const FRAME_MS = 100

/** @type {{ name: string, ms: number }[]} */
const taken = []

/**
 * Runs one step.
 *
 * @template T
 * @param {string} name
 * @param {(say: (detail: string) => void) => Promise<T>} work may say how far it is
 * @param {(result: T) => string} [summary] what to show of the result
 * @returns {Promise<T>}
 */
export async function step(name, work, summary = () => '') {
  const started = performance.now()
  let detail = ''
  const frame = () => {
    const seconds = ((performance.now() - started) / 1000).toFixed(1)
    process.stdout.write(`\r\u001b[K  ${name} … ${detail === '' ? '' : `${detail}, `}${seconds} s`)
  }
  const timer = process.stdout.isTTY ? setInterval(frame, FRAME_MS) : null
  try {
    const result = await work((text) => (detail = text))
    const ms = performance.now() - started
    taken.push({ name, ms })
    clear(timer)
    const shown = summary(result)
    console.log(`✓ ${name} (${milliseconds(ms)})${shown === '' ? '' : `: ${shown}`}`)
    return result
  } catch (error) {
    clear(timer)
    console.log(`✗ ${name}`)
    throw error
  }
}

/** @param {NodeJS.Timeout | null} timer */
function clear(timer) {
  if (timer === null) return
  clearInterval(timer)
  process.stdout.write('\r\u001b[K')
}

/** How long every step took. */
export function timings() {
  const total = taken.reduce((sum, { ms }) => sum + ms, 0)
  const rows = [...taken, { name: 'all together', ms: total }]
  return table(rows.map(({ name, ms }) => ({ step: name, took: milliseconds(ms) })))
}

/** @param {number} ms */
export function milliseconds(ms) {
  return ms < 10
    ? `${ms.toFixed(1)} ms`
    : ms < 10_000
      ? `${Math.round(ms)} ms`
      : `${(ms / 1000).toFixed(1)} s`
}

/** @param {number | null | undefined} count */
export function bytes(count) {
  return count === null || count === undefined ? '-' : `${(count / 2 ** 20).toFixed(1)} MiB`
}

/**
 * Columns as wide as what is in them.
 *
 * @param {Record<string, string | number | null>[]} rows
 */
export function table(rows) {
  const names = Object.keys(rows[0] ?? {})
  const cells = [
    names.map((name) => name.toUpperCase()),
    ...rows.map((row) => names.map((name) => String(row[name] ?? '-'))),
  ]
  const widths = names.map((_, column) =>
    Math.max(...cells.map((line) => [...(line[column] ?? '')].length)),
  )
  return cells
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .map((line) => `  ${line}`)
    .join('\n')
}
