// Which containers were started by themselves since the machine was booted: whoever has stopped one does not
// have it started again by a daemon that comes back. The file is that of vpsAdminOS.

import { readFile } from 'node:fs/promises'
import { appendRunFile, replaceRunFile } from '../host/run-file.js'
import { InTurn } from '../in-turn.js'

export class StartedList {
  readonly #path: string
  #ids: Promise<Set<string>> | null = null
  readonly #writers = new InTurn()
  /** Those that the file does not have yet. */
  #added: string[] = []
  /** Whether more has changed than that some came after the others. */
  #anew = false

  constructor(path: string) {
    this.#path = path
  }

  ids(): Promise<ReadonlySet<string>> {
    return this.#read()
  }

  async add(id: string): Promise<void> {
    const ids = await this.#read()
    if (ids.has(id)) return
    ids.add(id)
    this.#added.push(id)
    await this.#write(ids)
  }

  async remove(id: string): Promise<void> {
    const ids = await this.#read()
    if (!ids.delete(id)) return
    this.#anew = true
    await this.#write(ids)
  }

  /** All that has changed until its turn, so that those who wait for theirs find nothing left to be written. */
  #write(ids: ReadonlySet<string>): Promise<void> {
    return this.#writers.run(async () => {
      const [added, anew] = [this.#added, this.#anew]
      this.#added = []
      this.#anew = false
      try {
        if (anew) await replaceRunFile(this.#path, linesOf(ids))
        else if (added.length > 0) await appendRunFile(this.#path, linesOf(added))
      } catch (error) {
        // How much of it is there is not known.
        this.#anew = true
        throw error
      }
    })
  }

  #read(): Promise<Set<string>> {
    this.#ids ??= this.#load()
    return this.#ids
  }

  async #load(): Promise<Set<string>> {
    const text = await readFile(this.#path, 'utf8').catch(() => '')
    const lines = text.split('\n')
    // A line that was cut off is no id, and the next one would go on with it.
    if (lines.pop() !== '') this.#anew = true
    return new Set(lines.filter((id) => id !== ''))
  }
}

function linesOf(ids: Iterable<string>): string {
  return [...ids, ''].join('\n')
}
