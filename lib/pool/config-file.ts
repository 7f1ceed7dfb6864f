// One entity's YAML file. What we do not know, and what people wrote into it, survives rewriting.

import { isDeepStrictEqual } from 'node:util'
import { readFile, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { YAMLMap } from 'yaml'
import { Document, isCollection, isMap, isScalar, LineCounter, parseDocument } from 'yaml'
import type { z } from 'zod'
import { ConfigBrokenError } from '../host/errors.js'
import { ownTurn } from '../host/own-turn.js'
import { poolError, replaceFile, syncDirectory } from './write-file.js'

/** Fields to change. `undefined` removes a field; maps are merged, everything else is replaced. */
export type Patch = { readonly [key: string]: unknown }

export class ConfigFile<T extends z.ZodType> {
  // Writers of one file take turns: two patches must not be made from the same old content.
  #turn: Promise<unknown> = Promise.resolve()

  constructor(
    readonly path: string,
    readonly schema: T,
  ) {}

  /** @throws ConfigBrokenError with line and column, or the system's error */
  async read(): Promise<z.output<T>> {
    return this.#check(await this.#load())
  }

  /** Writes a file that is not there yet. */
  async create(content: Patch): Promise<z.output<T>> {
    await ownTurn()
    const doc = new Document({})
    merge(doc.contents as YAMLMap, content, doc)
    return this.#store(doc)
  }

  /**
   * Changes some fields of the file as it is on disk now, so that edits by hand are kept.
   *
   * @throws ConfigBrokenError when the file cannot be understood or would not be afterwards
   */
  update(patch: Patch): Promise<z.output<T>> {
    const turn = this.#turn.then(async () => {
      const { doc } = await this.#load()
      if (!isMap(doc.contents)) throw new ConfigBrokenError(this.path, 'must be a map', 1, 1)
      merge(doc.contents, patch, doc)
      return this.#store(doc)
    })
    this.#turn = turn.catch(() => undefined)
    return turn
  }

  async remove(): Promise<void> {
    try {
      await unlink(this.path)
      await syncDirectory(dirname(this.path))
    } catch (error) {
      throw poolError(error, this.path)
    }
  }

  async #store(doc: Document): Promise<z.output<T>> {
    const value = this.#check({ doc, lines: null })
    await replaceFile(this.path, doc.toString({ lineWidth: 0 }))
    return value
  }

  async #load(): Promise<Loaded> {
    const text = await readFile(this.path, 'utf8')
    await ownTurn()
    return this.#parse(text)
  }

  #parse(text: string): Loaded {
    const lines = new LineCounter()
    const doc = parseDocument(text, { lineCounter: lines })
    const [error] = doc.errors
    if (error !== undefined) {
      const { line, col } = lines.linePos(error.pos[0])
      const [message] = error.message.split(/ at line \d+/)
      throw new ConfigBrokenError(this.path, message ?? error.message, line, col, { cause: error })
    }
    return { doc, lines }
  }

  #check({ doc, lines }: Loaded): z.output<T> {
    const result = this.schema.safeParse(doc.toJS() ?? {})
    if (result.success) return result.data
    const [issue] = result.error.issues
    const at = lines?.linePos(position(doc, issue?.path ?? []))
    const reason = `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not valid'}`
    throw new ConfigBrokenError(this.path, reason, at?.line ?? null, at?.col ?? null)
  }
}

interface Loaded {
  doc: Document
  /** Null when the document was made or changed in memory. */
  lines: LineCounter | null
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

// A value that stays the same keeps its node, and with it its comments, order and quoting.
function merge(map: YAMLMap, patch: Patch, doc: Document): void {
  for (const [key, value] of Object.entries(patch)) {
    const node: unknown = map.get(key, true)
    if (value === undefined) {
      map.delete(key)
    } else if (isMap(node) && isPlainObject(value)) {
      merge(node, value, doc)
    } else if (isDeepStrictEqual(current(node, doc), value)) {
      continue
    } else if (isScalar(node) && (typeof value !== 'object' || value === null)) {
      node.value = value
    } else {
      map.set(key, doc.createNode(withoutUndefined(value)))
    }
  }
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
