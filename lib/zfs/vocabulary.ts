// What the statistics of a dataset leave out: which words numbers stand for, and what a property is
// that was set nowhere. The kernel is asked for it, and for most of it only once.

import type { ZfsOptions } from './call.js'
import type { ListedProperty } from './list.js'
import { readProperty } from './listed-property.js'
import { asList, asMap, runProgram } from './program.js'
import { isUserProperty, wordFor } from './properties.js'

/** A property of a dataset, as its statistics have it. */
export interface Said {
  readonly name: string
  readonly kind: 'filesystem' | 'volume' | 'snapshot'
  readonly property: string
  /** Null where it was set nowhere. */
  readonly raw: ListedProperty | null
}

interface Known {
  /** `nothing`: it is none of this kind of dataset, which may inherit it all the same. */
  has: 'numbers' | 'words' | 'nothing'
  /** Where it was set nowhere; undefined: to be asked for each time. */
  unset: ListedProperty | null | undefined
}

const PROGRAM = `
local args = ...
local out = {}
for index, name in ipairs(args.names) do
  if zfs.exists(name) then
    local value, source = zfs.get_prop(name, args.properties[index])
    out[index] = { kind = zfs.get_prop(name, 'type'), value = value, source = source }
  else
    out[index] = {}
  end
end
return out
`

export class Vocabulary {
  /** What each kind of dataset has of each property. */
  readonly #known = new Map<string, Known>()

  /** Each of them as zfs(8) says it, in this order; null is one that the dataset does not have. */
  async read(
    root: string,
    all: readonly Said[],
    options: ZfsOptions,
  ): Promise<(ListedProperty | null)[]> {
    const answers = all.map((said) => this.#answer(said))
    const unknown = all.filter((_, index) => answers[index] === undefined)
    const asked = unknown.length === 0 ? [] : await this.#ask(root, unknown, options)
    let next = 0
    return answers.map((answer) => (answer === undefined ? (asked[next++] ?? null) : answer))
  }

  async #ask(
    root: string,
    unknown: readonly Said[],
    options: ZfsOptions,
  ): Promise<(ListedProperty | null)[]> {
    const args = [
      { name: 'names', value: unknown.map(({ name }) => name) },
      { name: 'properties', value: unknown.map(({ property }) => property) },
    ]
    const answers = asList(await runProgram(root, PROGRAM, args, options))
    return unknown.map((said, index) => {
      const answer = asMap(answers[index])
      // Gone since.
      if (answer['kind'] === undefined) return null
      const property = readProperty(said.name, answer)
      // A volume that has not come wholly has no size yet, and is taken for a filesystem.
      if (answer['kind'] === said.kind) this.#learn(said, property)
      return property
    })
  }

  /** Undefined is to be asked for. */
  #answer({ kind, property, raw }: Said): ListedProperty | null | undefined {
    // Statistics never leave out a volume's size.
    if (isUserProperty(property) || property === 'volsize') return raw
    const known = this.#known.get(`${kind} ${property}`)
    if (known === undefined) return undefined
    if (known.has === 'nothing') return null
    if (raw === null) return known.unset
    const { value, source } = raw
    if (typeof value === 'string' || known.has === 'numbers') return raw
    const word = wordFor(property, value)
    return word === undefined ? undefined : { value: word, source }
  }

  #learn({ kind, property, raw }: Said, answer: ListedProperty | null): void {
    const key = `${kind} ${property}`
    const known = this.#known.get(key) ?? { has: 'words', unset: undefined }
    if (raw === null) {
      // It is another one where it was set since.
      if (answer === null || answer.source === 'default') known.unset = answer
    } else if (answer === null) {
      // What was not set by anybody may just have ceased to be: the origin of what was promoted since.
      if (raw.source !== null) known.has = 'nothing'
    } else if (typeof answer.value === 'bigint') known.has = 'numbers'
    this.#known.set(key, known)
  }
}
