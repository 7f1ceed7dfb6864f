// The words of a command line: options first, then arguments.

import { parseArgs } from 'node:util'
import type { Command, Given, Option, Options } from './command.js'
import { UnknownWordError, UsageError } from './errors.js'

export interface Cut {
  readonly given: Given<Options>
  /** From the first word on that is no option. */
  readonly rest: readonly string[]
}

/**
 * Options end at the first word that is none: what follows may be another command's.
 *
 * @throws UsageError
 */
export function cutOptions(words: readonly string[], options: Options): Cut {
  const { tokens } = parseArgs({
    args: [...words],
    options: Object.fromEntries(
      Object.entries(options).map(([name, { short, value }]) => [
        name,
        {
          type: value === undefined ? ('boolean' as const) : ('string' as const),
          ...(short === undefined ? {} : { short }),
        },
      ]),
    ),
    // It would refuse values that begin with a dash, which `-o -memory` has.
    strict: false,
    tokens: true,
  })
  const given: Record<string, boolean | string | string[] | undefined> = {}
  for (const [name, { value, many, on }] of Object.entries(options)) {
    given[name] = value === undefined ? on === true : many === true ? [] : undefined
  }
  let end = words.length
  for (const token of tokens) {
    if (token.kind !== 'option') {
      end = token.kind === 'positional' ? token.index : token.index + 1
      break
    }
    const { name, on } = named(token.name, token.rawName, options)
    const option = options[name] as Option
    if (option.value === undefined) {
      if (token.inlineValue === true) throw new UsageError(`option ${token.rawName} takes no value`)
      given[name] = on
    } else if (token.value === undefined) {
      throw new UsageError(`option ${token.rawName} needs a value: ${option.value}`)
    } else if (option.many === true) (given[name] as string[]).push(token.value)
    else given[name] = token.value
  }
  return { given: given as Given<Options>, rest: words.slice(end) }
}

function named(name: string, raw: string, options: Options): { name: string; on: boolean } {
  if (Object.hasOwn(options, name)) return { name, on: true }
  const positive = name.replace(/^no-/, '')
  const option = Object.hasOwn(options, positive) ? options[positive] : undefined
  if (option !== undefined && option.value === undefined && positive !== name) {
    return { name: positive, on: false }
  }
  const known = Object.keys(options).map((one) => `--${one}`)
  throw new UnknownWordError(`unknown option ${raw}`, raw, known)
}

const LIKE_OPTION = /^--?[a-zA-Z]/

/** @throws UsageError when there are too few, or more than it takes */
export function checkArguments(args: readonly string[], { usage, passes }: Command): void {
  const wanted = usage === '' ? [] : usage.split(' ')
  const least = wanted.filter((word) => !word.startsWith('[')).length
  const most = /\.\.\.\]?$/.test(usage) ? Infinity : wanted.length
  const option = passes ? undefined : args.find((word) => LIKE_OPTION.test(word))
  if (option !== undefined) throw new UsageError(`options stand before arguments: ${option}`)
  if (args.length < least) throw new UsageError(`${wanted[args.length]} is missing`)
  const over = args[most]
  if (over !== undefined) throw new UsageError(`there is no use for '${over}'`)
}

/** @throws UsageError when it is none, or below the least */
export function numberIn(text: string, what: string, least = 0): number {
  const number = Number(text)
  if (text.trim() === '' || !(number >= least)) {
    throw new UsageError(`${what} must be a number of at least ${least}, not '${text}'`)
  }
  return number
}

/** Bytes of a request's head that names may take: all of it may have 16 KiB. */
const MAX_NAMES = 8000

/** Names in as many parts as requests are needed for them; at least one. */
export function inParts(names: readonly string[]): readonly (readonly string[])[] {
  const parts: string[][] = [[]]
  let length = 0
  for (const name of new Set(names)) {
    const more = encodeURIComponent(`${name},`).length
    if (length > 0 && length + more > MAX_NAMES) {
      parts.push([])
      length = 0
    }
    parts.at(-1)?.push(name)
    length += more
  }
  return parts
}

/** `a,b` */
export function listIn(text: string | undefined): readonly string[] | undefined {
  return text?.split(',').filter((word) => word !== '')
}
