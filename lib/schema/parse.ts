// Turns what a caller gave into checked values, or into one typed error that says where and why.

import { z } from 'zod'
import { InvalidArgumentError } from '../host/errors.js'

/**
 * Validates `value` by `schema`.
 *
 * @param what names the value in messages: `create`, `set`
 * @throws InvalidArgumentError naming the first wrong field
 */
export function parse<T extends z.ZodType>(schema: T, value: unknown, what: string): z.output<T> {
  const result = schema.safeParse(value, { reportInput: true, error: explain })
  if (result.success) return result.data
  const issues = deepest(result.error.issues)
  // What was misspelled is often what is missed too; the first is the mistake, the other follows.
  const issue = issues.find(({ code }) => code === 'unrecognized_keys') ?? issues[0]
  if (issue === undefined) throw new InvalidArgumentError(what, 'not valid')
  const key = issue.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : []
  throw new InvalidArgumentError([what, ...issue.path.map(String), ...key].join('.'), reason(issue))
}

/**
 * For options that are taken apart before anything else is known of them.
 *
 * @throws InvalidArgumentError for null, a list, and all that is no object
 */
export function objectOf<T extends object>(
  options: T,
  what: string,
  known: readonly string[] = [],
): T {
  if (typeof options === 'object' && (options as unknown) !== null && !Array.isArray(options)) {
    return options
  }
  const keys = known.length === 0 ? '' : ` of ${known.join(', ')}`
  throw new InvalidArgumentError(what, `options must be an object${keys}`)
}

/**
 * For options that are read one by one: a misspelled one must not be taken for none, nor something else
 * for a signal.
 *
 * @throws InvalidArgumentError naming the first key that is not among `known`
 */
export function onlyKeys(options: object, known: readonly string[], what: string): void {
  objectOf(options, what, known)
  for (const key of Object.keys(options)) {
    if (!known.includes(key)) throw new InvalidArgumentError(`${what}.${key}`, noSuchOption(known))
  }
  const { signal } = options as { signal?: unknown }
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw new InvalidArgumentError(`${what}.signal`, 'must be an AbortSignal')
  }
}

/** @param known all that there are */
export function noSuchOption(known: readonly string[]): string {
  return `no such option; there are ${known.join(', ')}`
}

type Issue = z.core.$ZodIssue

// Asked where a schema has no words of its own.
function explain(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.code === 'unrecognized_keys') return noSuchOption(keysOf(issue.inst))
  const expected = expectedBy(issue as Issue)
  return expected.length === 0 ? undefined : `must be ${list(expected)}`
}

function keysOf(schema: unknown): string[] {
  if (schema instanceof z.core.$ZodObject) return Object.keys(schema._zod.def.shape)
  if (!(schema instanceof z.core.$ZodRecord)) return []
  return [...(schema._zod.def.keyType._zod.values ?? [])].map(String)
}

/** What might have been given instead. Every alternative of a union counts. */
function expectedBy(issue: Issue): string[] {
  if (issue.code === 'invalid_union') return issue.errors.flat().flatMap(expectedBy)
  if (issue.code === 'invalid_value') return issue.values.map((value) => JSON.stringify(value))
  if (issue.code !== 'invalid_type') return []
  const kind = issue.expected === 'record' ? 'object' : issue.expected
  return [`${/^[aeiou]/.test(kind) ? 'an' : 'a'} ${kind}`]
}

function list(items: readonly string[]): string {
  const last = items.at(-1) ?? ''
  return items.length < 2 ? last : `${items.slice(0, -1).join(', ')} or ${last}`
}

// A union reports every alternative. The one that got furthest into the value is what was meant; when
// none accepts even the kind of the value, the union itself has the words for all of them.
function deepest(issues: readonly Issue[]): Issue[] {
  return issues.flatMap((issue) => {
    if (issue.code === 'invalid_key') {
      return issue.issues.map((inner) => ({ ...inner, path: issue.path }))
    }
    if (issue.code !== 'invalid_union') return [issue]
    const inner = issue.errors
      .map((alternative) => deepest(alternative))
      .filter((alternative) => !alternative.every(isOfAnotherKind))
      .sort((a, b) => (b[0]?.path.length ?? 0) - (a[0]?.path.length ?? 0))[0]
    return inner?.map((sub) => ({ ...sub, path: [...issue.path, ...sub.path] })) ?? [issue]
  })
}

function isOfAnotherKind({ code, path }: Issue): boolean {
  return path.length === 0 && ['invalid_type', 'invalid_value', 'invalid_union'].includes(code)
}

function reason(issue: Issue): string {
  const { input, code } = issue
  const message = issue.message.charAt(0).toLowerCase() + issue.message.slice(1)
  if (code === 'invalid_type' && input === undefined) return `is missing: ${message}`
  if (typeof input === 'string') return `${message}, got ${JSON.stringify(input.slice(0, 120))}`
  if (typeof input === 'number') return `${message}, got ${input}`
  return message
}
