// The attributes of an entity, in its file.

import { InvalidArgumentError } from '../host/errors.js'
import { checkOptions, type Operation, type OperationOptions } from '../host/operation.js'
import type { Patch } from '../pool/config-file.js'
import { attributeChanges, type AttrsFile } from '../schema/attributes.js'
import { parse } from '../schema/parse.js'

/** The entity's side of them. */
export interface AttributesHome {
  /** What its file has, as it is in memory. */
  attrs(): AttrsFile
  begin(options: OperationOptions): Promise<Operation>
  /** Takes what keeps others from changing its file, where the operation does not have it yet. */
  lock?(op: Operation): Promise<unknown>
  /** Changes its file. */
  write(patch: Patch): Promise<void>
}

const MAX = 256

/**
 * ```ts
 * await ct.attributes.set({ 'org.example:owner': 'ops', 'org.example:old': null })
 * ct.attributes.get('org.example:owner') // 'ops'
 * ```
 */
export class Attributes {
  readonly #home: AttributesHome

  /** @internal */
  constructor(home: AttributesHome) {
    this.#home = home
  }

  /** From memory, sorted by name. */
  list(): Readonly<Record<string, string>> {
    return shownAttributes(this.#home.attrs())
  }

  /** From memory; null when there is none of that name. */
  get(name: string): string | null {
    if (typeof name !== 'string') {
      throw new InvalidArgumentError('attributes.get', 'must be text: the name of one')
    }
    const all = this.list()
    return Object.hasOwn(all, name) ? (all[name] ?? null) : null
  }

  /**
   * Sets some, and takes away those that are `null`; others stay. Cannot be given up once it has begun.
   *
   * @param changes names like `vendor:key`
   * @throws InvalidArgumentError also when there would be more than 256
   */
  async set(
    changes: Readonly<Record<string, string | null>>,
    options: OperationOptions = {},
  ): Promise<void> {
    const checked = parse(attributeChanges, changes, 'attributes.set')
    checkOptions(options, 'attributes.set')
    if (Object.keys(checked).length === 0) return
    using op = await this.#home.begin(options)
    await this.#home.lock?.(op)
    const left = new Set(Object.keys(this.#home.attrs() ?? {}))
    for (const [name, value] of Object.entries(checked)) {
      if (value === null) left.delete(name)
      else left.add(name)
    }
    if (left.size > MAX) {
      throw new InvalidArgumentError('attributes.set', `must leave at most ${MAX}`)
    }
    op.signal?.throwIfAborted()
    const attrs = Object.fromEntries(
      Object.entries(checked).map(([name, value]) => [name, value ?? undefined]),
    )
    await this.#home.write({ attrs })
  }
}

/** What a file has of them, as text. */
export function shownAttributes(attrs: AttrsFile): Readonly<Record<string, string>> {
  const all = Object.entries(attrs ?? {}).sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.freeze(Object.fromEntries(all.map(([name, value]) => [name, textOf(value)])))
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}
