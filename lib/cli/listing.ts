// What the columns of a list or the rows of one thing are, and which of them are printed: -o, -s, -H, -L.

import type { Given, Options } from './command.js'
import { UsageError } from './errors.js'
import type { Session } from './session.js'
import { cell, columns as inColumns, rows as inRows } from './table.js'

/** What a thing is made of, as the daemon tells it. */
export type Thing = Readonly<Record<string, unknown>>

export interface Column {
  readonly name: string
  /** Its field in what the daemon tells, or how it comes from several: `stats.memory`. */
  readonly of: string | ((thing: Thing) => unknown)
  /** Which fields that needs, where it is not the one. */
  readonly needs?: readonly string[]
  /** For people. */
  readonly shown?: (value: number) => string
  readonly right?: true
}

export const headerOption = {
  'hide-header': { short: 'H', summary: 'do not print the header' },
} satisfies Options

export const showOptions = {
  ...headerOption,
  list: { short: 'L', summary: 'print the names of all columns, and nothing else' },
  output: {
    short: 'o',
    value: 'COLUMNS',
    summary: 'the columns: a,b; +a adds to the usual ones, -a takes away; `all`',
  },
} satisfies Options

export const listOptions = {
  ...showOptions,
  sort: { short: 's', value: 'COLUMNS', summary: 'sort by these columns' },
} satisfies Options

type Shown = Partial<Given<typeof listOptions>>

export class Listing {
  readonly #columns: readonly Column[]
  readonly #usual: readonly string[]
  readonly #chosen: readonly Column[]
  readonly #sort: readonly Column[]
  readonly #options: Shown

  /**
   * @param usual the names of those that are printed when nothing is said; default: all
   * @throws UsageError for a column that there is not
   */
  constructor(
    columns: readonly Column[],
    options: Shown,
    usual: readonly string[] = columns.map(({ name }) => name),
  ) {
    this.#columns = columns
    this.#usual = usual
    this.#options = options
    this.#chosen = this.#choose(options.output)
    this.#sort = (options.sort ?? '')
      .split(',')
      .filter((name) => name !== '')
      .map((name) => this.#find(name))
  }

  /** Only the names of the columns were asked for: they are printed. */
  printsNames(session: Session): boolean {
    if (!this.#options.list) return false
    session.print(this.#columns.map(({ name }) => `${name}\n`).join(''))
    return true
  }

  /** What the daemon has to tell; `stats.memory` is a figure of what it uses. */
  get fields(): readonly string[] {
    return [...new Set([...this.#chosen, ...this.#sort].flatMap(fieldsOf))]
  }

  print(session: Session, things: readonly Thing[]): void {
    const sorted = this.#sorted(things)
    if (session.json)
      return printJson(
        session,
        sorted.map((thing) => this.#object(thing)),
      )
    if (this.#chosen.length === 0) return
    const cells = sorted.map((thing) => this.#cells(thing, session.parsable))
    session.print(inColumns(this.#chosen, cells, !this.#options['hide-header'], session.paint))
  }

  printOne(session: Session, thing: Thing): void {
    if (session.json) return printJson(session, this.#object(thing))
    session.print(
      inRows(
        this.#chosen,
        this.#cells(thing, session.parsable),
        !this.#options['hide-header'],
        session.paint,
      ),
    )
  }

  #choose(output: string | undefined): readonly Column[] {
    const usual = () => this.#usual.map((name) => this.#find(name))
    if (output === undefined) return usual()
    if (output === 'all') return this.#columns
    const names = output
      .replace(/^[+-]/, '')
      .split(',')
      .filter((name) => name !== '')
    const named = names.map((name) => this.#find(name))
    if (output.startsWith('+')) return [...usual(), ...named]
    if (output.startsWith('-')) return usual().filter(({ name }) => !names.includes(name))
    return named
  }

  #find(name: string): Column {
    const column = this.#columns.find((one) => one.name === name)
    if (column !== undefined) return column
    if (name.includes(':')) return attribute(name)
    throw new UsageError(`there is no column '${name}'; -L lists them`)
  }

  #sorted(things: readonly Thing[]): readonly Thing[] {
    if (this.#sort.length === 0) return things
    return [...things].sort((a, b) => {
      for (const column of this.#sort) {
        const order = compare(valueOf(column, a), valueOf(column, b))
        if (order !== 0) return order
      }
      return 0
    })
  }

  #cells(thing: Thing, parsable: boolean): string[] {
    return this.#chosen.map((column) => {
      const value = valueOf(column, thing)
      const { shown } = column
      return cell(
        typeof value === 'number' && shown !== undefined && !parsable ? shown(value) : value,
      )
    })
  }

  /** All that was told, by the names of columns, for scripts that pick from it; and attributes under their own. */
  #object(thing: Thing): object {
    const told = this.#columns.filter((column) =>
      fieldsOf(column).every((field) => isTold(thing, field)),
    )
    return {
      ...(thing.attributes as object | undefined),
      ...Object.fromEntries(
        [...told, ...this.#chosen].map((column) => [column.name, valueOf(column, thing) ?? null]),
      ),
    }
  }
}

export function printJson(session: Session, value: unknown): void {
  session.print(`${JSON.stringify(value)}\n`)
}

/** Columns whose names are those of the fields, in the words of vpsAdminOS: `blockSize` is `block_size`. */
export function plain(...fields: readonly string[]): Column[] {
  return fields.map((field) => ({
    name: field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
    of: field,
  }))
}

function attribute(name: string): Column {
  return {
    name,
    needs: ['attributes'],
    of: ({ attributes }) => (attributes as Record<string, string> | undefined)?.[name],
  }
}

function fieldsOf({ of, needs }: Column): readonly string[] {
  return needs ?? (typeof of === 'string' ? [of] : [])
}

function isTold(thing: Thing, field: string): boolean {
  return Object.hasOwn(thing, field.split('.', 1)[0] ?? field)
}

function valueOf({ of }: Column, thing: Thing): unknown {
  return typeof of === 'string' ? thing[of] : of(thing)
}

/** What there is not comes first. */
function compare(a: unknown, b: unknown): number {
  if (a === b) return 0
  if (a === null || a === undefined) return -1
  if (b === null || b === undefined) return 1
  if (typeof a === 'number' && typeof b === 'number') return a - b
  const [left, right] = [cell(a), cell(b)]
  return left < right ? -1 : left > right ? 1 : 0
}
