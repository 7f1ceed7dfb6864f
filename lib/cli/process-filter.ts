// Which processes are meant: `rss>100m`, `command=~^nginx`.

import { runInNewContext } from 'node:vm'
import { UsageError } from './errors.js'
import { type Column, type Thing } from './listing.js'
import { PROCESS_COLUMNS } from './process-columns.js'
import { sizeIn } from './sizes.js'
import { numberIn } from './words.js'

const EXPRESSION = /^\s*([a-z]+)\s*(=~|!~|!=|>=|<=|=|>|<)(.*)$/s

const TEXTS = ['pool', 'ctid', 'state', 'command', 'name']
const SIZES = ['vmsize', 'rss']
const TIMES = ['start', 'time']

/** A guest chooses what a pattern is tried on: such that it takes for ever, where there is such. */
const PATTERN_MS = 2000
const MAX_PATTERN = 1000

type Operator = '=' | '!=' | '>' | '<' | '>=' | '<='

export class ProcessFilter {
  /** What the daemon has to tell of each process. */
  readonly fields: readonly string[]
  readonly #valueOf: (thing: Thing) => unknown
  readonly #operator: string
  readonly #wanted: string | number | RegExp

  /** @throws UsageError */
  constructor(expression: string) {
    const [, name = '', operator = '', text = ''] = EXPRESSION.exec(expression) ?? []
    if (operator === '') throw new UsageError(`'${expression}' is none of PARAMETER OPERATOR VALUE`)
    const column = PROCESS_COLUMNS.find((one) => one.name === name)
    if (column === undefined) throw new UsageError(`there is no parameter '${name}'; -L lists them`)
    this.fields = column.needs ?? [String(column.of)]
    this.#valueOf = valuesOf(column)
    this.#operator = operator
    this.#wanted = wanted(name, operator, text, expression)
  }

  /** @throws UsageError when a pattern takes too long */
  matching(things: readonly Thing[]): readonly Thing[] {
    const values = things.map(this.#valueOf)
    const wanted = this.#wanted
    if (wanted instanceof RegExp) {
      const found = tried(wanted, values.map(String))
      return things.filter((_, index) => found[index] === (this.#operator === '=~'))
    }
    return things.filter((_, index) => holds(values[index], this.#operator as Operator, wanted))
  }
}

function valuesOf({ name, of }: Column): (thing: Thing) => unknown {
  // Without the brackets of what has no arguments.
  if (name === 'command') return ({ command, name: own }) => command || own
  return typeof of === 'string' ? (thing) => thing[of] : of
}

function wanted(name: string, operator: string, text: string, expression: string) {
  const pattern = operator === '=~' || operator === '!~'
  if (!TEXTS.includes(name)) {
    if (pattern) throw new UsageError(`'${expression}': ${operator} is for text`)
    if (SIZES.includes(name)) return sizeIn(text.trim(), name)
    return numberIn(text, name, TIMES.includes(name) ? 0 : -Infinity)
  }
  if (!pattern) return text
  if (text.length > MAX_PATTERN)
    throw new UsageError(`a pattern must be at most ${MAX_PATTERN} characters`)
  try {
    return new RegExp(text, 'u')
  } catch (error) {
    throw new UsageError(`'${expression}': ${(error as Error).message}`)
  }
}

/** On a clock, as nothing else ends a search that has begun. */
function tried(pattern: RegExp, texts: readonly string[]): readonly boolean[] {
  try {
    return runInNewContext(
      'texts.map((text) => pattern.test(text))',
      { pattern, texts },
      { timeout: PATTERN_MS },
    ) as boolean[]
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error
    throw new UsageError(`the pattern ${String(pattern)} takes too long on what there is`)
  }
}

/** What there is not is only unlike something. */
function holds(value: unknown, operator: Operator, wanted: string | number): boolean {
  if (value === null || value === undefined) return operator === '!='
  const own = value as typeof wanted
  switch (operator) {
    case '=':
      return own === wanted
    case '!=':
      return own !== wanted
    case '>':
      return own > wanted
    case '<':
      return own < wanted
    case '>=':
      return own >= wanted
    case '<=':
      return own <= wanted
  }
}
