// Settings of a running container that wait for its next start: those that its file has otherwise than it
// was started with. A note beside its LXC configuration tells the next process.

import { readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { isDeepStrictEqual } from 'node:util'
import { isSame } from '../group/cgparams.js'
import { writeRunFile } from '../host/run-file.js'
import type { Cgparam } from '../schema/cgparam.js'
import type { ContainerFile } from '../schema/container.js'
import { NEXT_START, type Waiting } from './settings.js'

type Values = Readonly<Partial<Record<Waiting, unknown>>>

function valuesOf(file: ContainerFile): Values {
  return Object.fromEntries([...NEXT_START].map(([name, inFile]) => [name, inFile(file)]))
}

export class Pending {
  #inForce: Values = {}
  /** Taken out of the list, without a value that takes them back. */
  #stuck: Cgparam[] = []

  /** It has been given to the running one as well. */
  applied(name: Waiting, file: ContainerFile): void {
    this.#inForce = { ...this.#inForce, [name]: NEXT_START.get(name)?.(file) }
  }

  /** What the running one was started with. */
  initCmd(): ContainerFile['init_cmd'] {
    return this.#inForce.initCmd as ContainerFile['init_cmd']
  }

  netInterfaces(): ContainerFile['net_interfaces'] {
    return (this.#inForce.netif ?? []) as ContainerFile['net_interfaces']
  }

  /** A run begins with what is in the file. */
  begin(file: ContainerFile): void {
    this.#inForce = valuesOf(file)
    this.#stuck = []
  }

  /** @param gone parameters that stay in force; @param now those that were written */
  changedParams(gone: readonly Cgparam[], now: readonly Cgparam[]): void {
    const stuck = [
      ...this.#stuck.filter((old) => !gone.some((param) => isSame(param, old))),
      ...gone,
    ]
    this.#stuck = stuck.filter((old) => !now.some((param) => isSame(param, old)))
  }

  /** What waits, with this file. */
  names(file: ContainerFile): Waiting[] {
    const values = valuesOf(file)
    const waiting = [...NEXT_START.keys()].filter(
      (name) => !isDeepStrictEqual(values[name], this.#inForce[name]),
    )
    return this.#stuck.length > 0 ? [...waiting, 'cgparams'] : waiting
  }

  /** @param initPid of the run that it is about: a reboot from inside is another one */
  async note(path: string, initPid: number | null, file: ContainerFile): Promise<void> {
    if (this.names(file).length === 0) return rm(path, { force: true })
    const note = { initPid, inForce: this.#inForce, stuck: this.#stuck }
    await writeRunFile(path, JSON.stringify(note))
  }

  /** What an earlier process has noted of that run; without a note, nothing waits. */
  recall(path: string, initPid: number | null, file: ContainerFile): void {
    this.begin(file)
    try {
      const note = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>
      if (note['initPid'] !== initPid) return
      this.#inForce = note['inForce'] as Values
      this.#stuck = note['stuck'] as Cgparam[]
    } catch {
      // There is none, or it was cut off with whoever wrote it.
    }
  }
}
