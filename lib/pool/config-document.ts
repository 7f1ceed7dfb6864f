// The text of one entity's YAML file, without the file: parsed, checked, changed and written again. What
// we do not know, and what people wrote into it, survives.

import { isDeepStrictEqual } from 'node:util'
import type { YAMLMap } from 'yaml'
import {
  Document,
  isCollection,
  isMap,
  isNode,
  isScalar,
  LineCounter,
  parseDocument,
  visit,
} from 'yaml'
import type { z } from 'zod'
import { ConfigBrokenError } from '../host/errors.js'
import { byName } from '../schema/by-name.js'

/** Fields to change. `undefined` removes a field; maps are merged, everything else is replaced. */
export type Patch = { readonly [key: string]: unknown }

/** A list that begins below its key and not further in, as vpsAdminOS writes all of them. */
const LIST_BELOW_KEY = /^( *)[^\s#-].*:\n\1- /m

export class ConfigDocument {
  readonly #doc: Document
  /** Null when the document was made or changed in memory. */
  #lines: LineCounter | null
  /** Whether lists are further in than their keys: as they were. */
  readonly #indentSeq: boolean

  private constructor(
    readonly path: string,
    doc: Document,
    lines: LineCounter | null,
    indentSeq: boolean,
  ) {
    this.#doc = doc
    this.#lines = lines
    this.#indentSeq = indentSeq
  }

  /**
   * @param path names the file in errors
   * @throws ConfigBrokenError with line and column
   */
  static parse(text: string, path: string): ConfigDocument {
    const lines = new LineCounter()
    const doc = understood(path, () => parseDocument(text, { lineCounter: lines }))
    // A type of YAML's own that does not fit would be written again as another value.
    const misfits = doc.warnings.filter(({ message }) => message.includes('tag:yaml.org'))
    const [error] = [...doc.errors, ...misfits]
    if (error !== undefined) {
      const { line, col } = lines.linePos(error.pos[0])
      const [message] = error.message.split(/ at line \d+/)
      throw new ConfigBrokenError(path, message ?? error.message, line, col, { cause: error })
    }
    const key = understood(path, () => otherKey(doc))
    if (key !== null) {
      const { line, col } = lines.linePos(key)
      throw new ConfigBrokenError(path, 'a key must be text', line, col)
    }
    return new ConfigDocument(path, doc, lines, !LIST_BELOW_KEY.test(text))
  }

  static from(content: Patch, path: string): ConfigDocument {
    const doc = new Document({})
    merge(doc.contents as YAMLMap, content, doc)
    return new ConfigDocument(path, doc, null, true)
  }

  /** @throws ConfigBrokenError, with line and column where it is still as it was read */
  check<T extends z.ZodType>(schema: T): z.output<T> {
    const result = understood(this.path, () => schema.safeParse(this.#value() ?? {}))
    if (result.success) return result.data
    const [issue] = result.error.issues
    const at = this.#lines?.linePos(position(this.#doc, issue?.path ?? []))
    const field = issue === undefined || issue.path.length === 0 ? '' : `${issue.path.join('.')}: `
    const reason = `${field}${issue?.message ?? 'not valid'}`
    throw new ConfigBrokenError(this.path, reason, at?.line ?? null, at?.col ?? null)
  }

  /**
   * @returns what changes it back
   * @throws ConfigBrokenError when there are no fields to change
   */
  merge(patch: Patch): Patch {
    return merge(this.#fields(), patch, this.#doc)
  }

  /**
   * The text without one field, so that this can be written after it.
   *
   * @throws ConfigBrokenError when there are no fields
   */
  head(field: string): string {
    const fields = this.#fields()
    fields.delete(field)
    if (fields.items.length === 0) return ''
    // In braces, or with a mark at its end, nothing could follow.
    fields.flow = false
    if (this.#doc.directives !== undefined) this.#doc.directives.docEnd = false
    return this.toString()
  }

  #value(): unknown {
    return understood(this.path, () => this.#doc.toJS() as unknown)
  }

  // To be changed, for which everything stands for itself: what another value refers to may go.
  #fields(): YAMLMap {
    const { contents } = this.#doc
    if (!isMap(contents)) throw new ConfigBrokenError(this.path, 'must be a map', 1, 1)
    this.#value() // refuses references that make much out of little
    visit(this.#doc, { Alias: (_, alias) => this.#doc.createNode(alias.toJS(this.#doc)) })
    this.#lines = null
    return contents
  }

  /** @throws ConfigBrokenError for what can be read, but not be written again */
  toString(): string {
    try {
      return this.#doc.toString({ lineWidth: 0, indentSeq: this.#indentSeq })
    } catch (error) {
      throw error instanceof Error ? broken(this.path, error.message, error) : error
    }
  }
}

// The name of a field is text: what the YAML library makes of a map or a list there, it reads again as another.
function otherKey(doc: Document): number | null {
  let position: number | null = null
  visit(doc, {
    Pair: (_, { key }) => {
      if (isScalar(key) || key === null) return undefined
      position = isNode(key) ? (key.range?.[0] ?? 0) : 0
      return visit.BREAK
    },
  })
  return position
}

// The YAML library calls itself for each level, and looks for what is referred to when it is asked.
function understood<T>(path: string, run: () => T): T {
  try {
    return run()
  } catch (error) {
    if (error instanceof RangeError) throw broken(path, 'is nested too deeply', error)
    throw error instanceof Error ? broken(path, error.message, error) : error
  }
}

function broken(path: string, reason: string, cause: Error): ConfigBrokenError {
  return new ConfigBrokenError(path, reason, null, null, { cause })
}

/** Where the value is, or else the nearest one around it. */
function position(doc: Document, path: readonly PropertyKey[]): number {
  for (let depth = path.length; depth > 0; depth--) {
    const node: unknown = doc.getIn(path.slice(0, depth), true)
    if (node instanceof Object && 'range' in node && Array.isArray(node.range)) {
      return Number(node.range[0])
    }
  }
  return 0
}

// A value that stays the same keeps its node, and with it its comments, order and quoting. A list of what bears names
// is what a map of it was once.
function merge(map: YAMLMap, patch: Patch, doc: Document): Patch {
  const back: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(patch)) {
    const node: unknown = map.get(key, true)
    if (isMap(node) && isPlainObject(value)) {
      // `{}` is how an empty one is written.
      if (node.items.length === 0) node.flow = false
      back[key] = merge(node, value, doc)
      continue
    }
    const before = current(node, doc)
    const after =
      isPlainObject(value) && Array.isArray(before) ? { ...byName(before), ...value } : value
    if (isDeepStrictEqual(before, after)) continue
    back[key] = before
    if (after === undefined) {
      map.delete(key)
    } else if (isScalar(node) && (typeof after !== 'object' || after === null)) {
      node.value = after
    } else {
      map.set(key, doc.createNode(withoutUndefined(after)))
    }
  }
  return back
}

function current(node: unknown, doc: Document): unknown {
  if (isCollection(node)) return node.toJS(doc)
  return node instanceof Object && 'value' in node ? node.value : node
}

function isPlainObject(value: unknown): value is Patch {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function withoutUndefined(value: unknown): unknown {
  if (!isPlainObject(value)) return value
  const entries = Object.entries(value).filter(([, inner]) => inner !== undefined)
  return Object.fromEntries(entries.map(([key, inner]) => [key, withoutUndefined(inner)]))
}
