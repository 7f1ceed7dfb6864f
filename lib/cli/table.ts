// Lists in columns, and single things in rows.

import { toneOf, type Paint } from './colors.js'

/** One cell, and how it stands in its column. */
export interface Heading {
  readonly name: string
  readonly right?: boolean
}

const GAP = '  '

export function columns(
  headings: readonly Heading[],
  rows: readonly (readonly string[])[],
  header: boolean,
  paint: Paint | null = null,
): string {
  const lines = header ? [headings.map(({ name }) => name.toUpperCase()), ...rows] : rows
  const widths = headings.map((_, column) =>
    lines.reduce((width, line) => Math.max(width, line[column]?.length ?? 0), 0),
  )
  return lines
    .map((line, row) =>
      line
        .map((cell, column) => {
          const heading = headings[column]
          const width = widths[column] ?? 0
          const right = heading?.right === true
          if (paint === null) return right ? cell.padStart(width) : cell.padEnd(width)
          const tone = header && row === 0 ? 'heading' : toneOf(heading?.name ?? '', cell)
          const room = ' '.repeat(width - cell.length)
          return right ? room + paint(cell, tone) : paint(cell, tone) + room
        })
        .join(GAP)
        .trimEnd(),
    )
    .map((line) => `${line}\n`)
    .join('')
}

export function rows(
  headings: readonly Heading[],
  cells: readonly string[],
  header: boolean,
  paint: Paint | null = null,
): string {
  const width = headings.reduce((most, { name }) => Math.max(most, name.length), 0)
  return headings
    .map(({ name }, index) => {
      const cell = cells[index] ?? '-'
      const seen = paint === null ? cell : paint(cell, toneOf(name, cell))
      const before = `${name.toUpperCase().padStart(width)}:`
      return header
        ? `${paint === null ? before : paint(before, 'heading')}  ${seen}\n`
        : `${seen}\n`
    })
    .join('')
}

/** What almost all text is. */
const PLAIN = /^[ -~]*$/
/** And what has letters change places, or stand where they are not seen. */
const CONTROL = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu

/**
 * Text of a container may hold what a terminal obeys, or a line's end.
 *
 * @returns `-` for what there is not
 */
export function cell(value: unknown): string {
  if (value === null || value === undefined || value === '') return '-'
  if (Array.isArray(value)) return value.length === 0 ? '-' : value.map(cell).join(',')
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  // An expression with classes of Unicode takes long to be made.
  return PLAIN.test(text) ? text : text.replace(CONTROL, escaped)
}

/** Lines of a text that may hold what a terminal obeys. */
export function visible(text: string): string {
  return text.replace(CONTROL, (each) => (each === '\n' || each === '\t' ? each : escaped(each)))
}

function escaped(control: string): string {
  if (control === '\n') return String.raw`\n`
  const digits = control.codePointAt(0)?.toString(16).padStart(4, '0') ?? ''
  return digits.length > 4 ? String.raw`\u{` + `${digits}}` : String.raw`\u` + digits
}
