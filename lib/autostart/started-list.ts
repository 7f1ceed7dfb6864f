// Which containers were started by themselves since the machine was booted: whoever has stopped one does not
// have it started again by a daemon that comes back. The file is that of vpsAdminOS.

import { readFile } from 'node:fs/promises'
import { replaceRunFile } from '../host/run-file.js'
import { InTurn } from '../in-turn.js'

export class StartedList {
  readonly #path: string
  #ids: Promise<Set<string>> | null = null
  readonly #writers = new InTurn()

  constructor(path: string) {
    this.#path = path
  }

  ids(): Promise<ReadonlySet<string>> {
    return this.#read()
  }

  add(id: string): Promise<void> {
    return this.#change((ids) => !ids.has(id) && ids.add(id) !== undefined)
  }

  remove(id: string): Promise<void> {
    return this.#change((ids) => ids.delete(id))
  }

  /** @param change answers whether it has changed anything */
  #change(change: (ids: Set<string>) => boolean): Promise<void> {
    return this.#writers.run(async () => {
      const ids = await this.#read()
      if (change(ids)) await replaceRunFile(this.#path, [...ids, ''].join('\n'))
    })
  }

  #read(): Promise<Set<string>> {
    this.#ids ??= idsIn(this.#path)
    return this.#ids
  }
}

async function idsIn(path: string): Promise<Set<string>> {
  const text = await readFile(path, 'utf8').catch(() => '')
  return new Set(text.split('\n').filter((id) => id !== ''))
}
