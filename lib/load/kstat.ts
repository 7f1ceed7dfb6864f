// What ZFS tells of itself: named values in files below /proc/spl/kstat, as its kernel module prints them.

import { notUnderstood } from './small-file.js'

const STRING = '7'
/** int32, uint32, int64, uint64 */
const NUMBERS = new Set(['1', '2', '3', '4'])
const LINE = /^(\S+) +(\d+) +(.*)$/

export class Kstat {
  readonly #path: string
  readonly #values: ReadonlyMap<string, number | string>

  /** @throws UnsupportedError when it is none */
  constructor(path: string, text: string) {
    this.#path = path
    const [first = '', second = '', ...lines] = text.split('\n')
    // A number, and the type of values with names: KSTAT_TYPE_NAMED.
    if (!/^\d+ 1 0x/.test(first) || !/^name +type +data$/.test(second)) {
      throw notUnderstood(path, JSON.stringify(text.slice(0, 100)))
    }
    const values = new Map<string, number | string>()
    for (const line of lines) {
      if (line === '') continue
      const [, name = '', type = '', data = ''] = LINE.exec(line) ?? []
      if (type === STRING) values.set(name, data)
      else if (NUMBERS.has(type) && /^-?\d{1,20}$/.test(data)) values.set(name, Number(data))
      else throw notUnderstood(path, line.slice(0, 200))
    }
    this.#values = values
  }

  /** @throws UnsupportedError when it is not there */
  number(name: string): number {
    const value = this.#values.get(name)
    if (typeof value !== 'number') throw notUnderstood(this.#path, `it has no number '${name}'`)
    return value
  }

  /** @throws UnsupportedError when it is not there */
  text(name: string): string {
    const value = this.#values.get(name)
    if (typeof value !== 'string') throw notUnderstood(this.#path, `it has no text '${name}'`)
    return value
  }
}
