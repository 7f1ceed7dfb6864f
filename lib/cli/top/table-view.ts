// Rows in columns on a screen: sorted, filtered, one selected, some marked; as many as there is room for.

import { cell } from '../table.js'
import { styled, type Line, type Style } from './line.js'

export interface TopColumn<Row> {
  readonly name: string
  readonly width: number
  readonly of: (row: Row) => number | string | null
  readonly shown?: (value: number) => string
  /** Text; the largest of numbers come first, and the first of texts. */
  readonly left?: true
}

interface Parts<Row> {
  readonly columns: readonly TopColumn<Row>[]
  /** Which one it is, whatever is known of it. */
  readonly keyOf: (row: Row) => string
  /** What a filter is looked for in. */
  readonly textOf: (row: Row) => string
  /** The name of the column that it is sorted by at first. */
  readonly sort: string
}

export class TableView<Row> {
  readonly #parts: Parts<Row>
  readonly #marked = new Set<string>()
  #sort: number
  #reverse = false
  #filter = ''
  #key: string | null = null
  #index = 0
  #offset = 0
  #page = 1

  constructor(parts: Parts<Row>) {
    this.#parts = parts
    this.#sort = Math.max(
      0,
      parts.columns.findIndex(({ name }) => name === parts.sort),
    )
  }

  get filter(): string {
    return this.#filter
  }

  set filter(text: string) {
    this.#filter = text
  }

  /** Those that are wanted, in order. */
  chosen(rows: readonly Row[]): readonly Row[] {
    const wanted = this.#filter.toLowerCase()
    const column = this.#parts.columns[this.#sort]
    const found = rows.filter((row) => this.#parts.textOf(row).toLowerCase().includes(wanted))
    if (column === undefined) return found
    const turned = (column.left === true) === this.#reverse ? 1 : -1
    return found.sort((a, b) => turned * compare(column.of(a), column.of(b)))
  }

  /** Null when there is none. */
  selected(rows: readonly Row[]): Row | null {
    const all = this.chosen(rows)
    return all[this.#place(all)] ?? null
  }

  /** @returns whether it was a key for the table */
  press(key: string, rows: readonly Row[]): boolean {
    const all = this.chosen(rows)
    const move = this.#moveOf(key, all.length)
    if (move !== null) {
      this.#index = clamped(this.#place(all) + move, all.length)
      this.#key = this.#keyAt(all, this.#index)
      return true
    }
    const last = this.#parts.columns.length - 1
    switch (key) {
      case '<':
      case 'left':
        this.#sort = Math.max(0, this.#sort - 1)
        return true
      case '>':
      case 'right':
        this.#sort = Math.min(last, this.#sort + 1)
        return true
      case 'r':
      case 'R':
        this.#reverse = !this.#reverse
        return true
      case 'space': {
        const one = this.#keyAt(all, this.#place(all))
        if (one !== null && !this.#marked.delete(one)) this.#marked.add(one)
        return true
      }
      default:
        return false
    }
  }

  #moveOf(key: string, length: number): number | null {
    switch (key) {
      case 'up':
        return -1
      case 'down':
        return 1
      case 'pageup':
        return -this.#page
      case 'pagedown':
        return this.#page
      case 'home':
        return -length
      case 'end':
        return length
      default:
        return null
    }
  }

  /** @param height of the heading and the rows */
  lines(rows: readonly Row[], height: number): Line[] {
    const all = this.chosen(rows)
    this.#page = Math.max(1, height - 1)
    this.#index = this.#place(all)
    this.#key = this.#keyAt(all, this.#index)
    // As little as it takes for the selected one to be seen.
    this.#offset = clamped(
      Math.min(this.#index, Math.max(this.#offset, this.#index - this.#page + 1)),
      Math.max(1, all.length - this.#page + 1),
    )
    const seen = all.slice(this.#offset, this.#offset + this.#page)
    return [
      this.#heading(),
      ...seen.map((row, at) => {
        const key = this.#parts.keyOf(row)
        const style: Style =
          this.#offset + at === this.#index
            ? 'selected'
            : this.#marked.has(key)
              ? 'marked'
              : 'plain'
        const mark = this.#marked.has(key) ? '*' : ' '
        return styled(`${mark}${this.#cells(row).join(' ')}`, style)
      }),
    ]
  }

  #heading(): Line {
    const spans = this.#parts.columns.map((column, index) => {
      const arrow = index === this.#sort ? (this.#reverse ? '^' : 'v') : ''
      const text = aligned(column, `${column.name}${arrow}`)
      return { text, style: index === this.#sort ? 'sorted' : 'heading' } as const
    })
    const gap = { text: ' ', style: 'heading' } as const
    return spans.flatMap((span) => [gap, span])
  }

  #cells(row: Row): string[] {
    return this.#parts.columns.map((column) => {
      const value = column.of(row)
      const { shown } = column
      const text = typeof value === 'number' && shown !== undefined ? shown(value) : cell(value)
      return aligned(column, text)
    })
  }

  /** Where the selected one is now; where it was, when it has gone. */
  #place(all: readonly Row[]): number {
    const found = all.findIndex((row) => this.#parts.keyOf(row) === this.#key)
    return found >= 0 ? found : clamped(this.#index, all.length)
  }

  #keyAt(all: readonly Row[], index: number): string | null {
    const row = all[index]
    return row === undefined ? null : this.#parts.keyOf(row)
  }
}

function clamped(index: number, length: number): number {
  return Math.max(0, Math.min(index, length - 1))
}

function aligned({ left, width }: TopColumn<never>, text: string): string {
  return left === true ? text.slice(0, width).padEnd(width) : text.padStart(width)
}

/** The largest first; what there is not comes last. */
function compare(a: number | string | null, b: number | string | null): number {
  if (a === b) return 0
  if (a === null) return 1
  if (b === null) return -1
  return a > b ? -1 : 1
}
