// Turns what a caller gave into checked values, or into one typed error that says where and why.

import type { z } from 'zod'
import { InvalidArgumentError } from '../host/errors.js'

/**
 * Validates `value` by `schema`.
 *
 * @param what names the value in messages: `create`, `set`
 * @throws InvalidArgumentError naming the first wrong field
 */
export function parse<T extends z.ZodType>(schema: T, value: unknown, what: string): z.output<T> {
  const result = schema.safeParse(value, { reportInput: true })
  if (result.success) return result.data
  const [issue] = deepest(result.error.issues)
  if (issue === undefined) throw new InvalidArgumentError(what, 'not valid')
  throw new InvalidArgumentError([what, ...issue.path.map(String)].join('.'), reason(issue))
}

/**
 * For options that are read one by one: a misspelled one must not be taken for none.
 *
 * @throws InvalidArgumentError naming the first key that is not among `known`
 */
export function onlyKeys(options: object, known: readonly string[], what: string): void {
  for (const key of Object.keys(options)) {
    if (!known.includes(key)) {
      throw new InvalidArgumentError(
        `${what}.${key}`,
        `no such option; there are ${known.join(', ')}`,
      )
    }
  }
}

type Issue = z.core.$ZodIssue

// A union reports every alternative. The one that got furthest into the value is what was meant.
function deepest(issues: readonly Issue[]): Issue[] {
  return issues.flatMap((issue) => {
    if (issue.code !== 'invalid_union') return [issue]
    const inner = issue.errors
      .map((alternative) => deepest(alternative))
      .filter((alternative) => alternative.some((sub) => sub.code !== 'invalid_type'))
      .sort((a, b) => (b[0]?.path.length ?? 0) - (a[0]?.path.length ?? 0))[0]
    return inner?.map((sub) => ({ ...sub, path: [...issue.path, ...sub.path] })) ?? [issue]
  })
}

function reason(issue: Issue): string {
  const message = issue.message.charAt(0).toLowerCase() + issue.message.slice(1)
  const { input } = issue
  if (typeof input === 'string') return `${message}, got ${JSON.stringify(input.slice(0, 120))}`
  if (typeof input === 'number') return `${message}, got ${input}`
  return message
}
