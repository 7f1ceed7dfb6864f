// Settings of a running container that wait for its next start: those that its file has otherwise than it
// was started with. A note beside its LXC configuration tells the next process.

import { readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { isDeepStrictEqual } from 'node:util'
import { isSame } from '../group/cgparams.js'
import { replaceRunFile } from '../host/run-file.js'
import { whileUnapplied } from '../host/unapplied.js'
import { isIn } from '../is-in.js'
import { automaticMounts, type DatasetMount } from '../mount/dataset-mounts.js'
import type { Cgparam } from '../schema/cgparam.js'
import type { ContainerFile } from '../schema/container.js'
import type { ContainerRecord } from './record.js'
import { NEXT_START, type Waiting } from './settings.js'

type Values = Readonly<Partial<Record<Waiting, unknown>>>

function valuesOf(file: ContainerFile): Values {
  return Object.fromEntries([...NEXT_START].map(([name, inFile]) => [name, inFile(file)]))
}

/** Of a note that somebody may have changed. */
function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}

export class Pending {
  #inForce: Values = {}
  /** Taken out of the list, without a value that takes them back. */
  #stuck: Cgparam[] = []

  /** What was changed in the file was given to the running one. What waited before still waits. */
  changedMounts(before: ContainerFile, file: ContainerFile): void {
    const [old, now] = [automaticMounts(before), automaticMounts(file)]
    const had = listOf(this.#inForce.mounts) as DatasetMount[]
    // A dataset is taken from all its places, and brought to those that its file has still.
    const gone = old.filter((one) => !isIn(now)(one))
    const isTaken = ({ dataset }: DatasetMount) => gone.some((one) => one.dataset === dataset)
    const there = now.filter((one) => isIn(had)(one) || !isIn(old)(one) || isTaken(one))
    const more = had.filter((one) => !isIn(now)(one) && !isIn(old)(one) && !isTaken(one))
    this.#inForce = { ...this.#inForce, mounts: [...there, ...more] }
  }

  /** What the running one was started with. */
  initCmd(): ContainerFile['init_cmd'] {
    return this.#inForce.initCmd as ContainerFile['init_cmd']
  }

  netInterfaces(): ContainerFile['net_interfaces'] {
    return listOf(this.#inForce.netif) as ContainerFile['net_interfaces']
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
    await this.keep(path, initPid)
  }

  /** The same also where nothing waits yet: the file is about to change. */
  async keep(path: string, initPid: number | null): Promise<void> {
    const note = { initPid, inForce: this.#inForce, stuck: this.#stuck }
    await replaceRunFile(path, JSON.stringify(note))
  }

  /** What an earlier process has noted of that run; without a note, nothing waits. */
  recall(path: string, initPid: number | null, file: ContainerFile): void {
    this.begin(file)
    try {
      const note = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>
      const { inForce, stuck } = note
      const isWhole = typeof inForce === 'object' && inForce !== null && Array.isArray(stuck)
      if (note['initPid'] !== initPid || !isWhole) return
      this.#inForce = inForce
      this.#stuck = stuck as Cgparam[]
    } catch {
      // There is none, or somebody has changed it.
    }
  }
}

/**
 * As {@link whileUnapplied}, for a container that runs: who opens the host after a crash sees what waits, too.
 *
 * @param params what it may leave in force
 * @param work changes its file
 */
export async function whileChanging(
  record: ContainerRecord,
  params: readonly Cgparam[],
  work: (undone: () => Promise<void>) => Promise<void>,
): Promise<void> {
  const { pending, pendingNote, unappliedNote, run } = record
  const settle = () => pending.note(pendingNote, run.initPid, record.config)
  await pending.keep(pendingNote, run.initPid)
  // That is the last to go: who finds it applies all of the file again, which does no harm.
  await whileUnapplied(unappliedNote, params, async (undone) => {
    await work(async () => {
      // What is noted holds as well.
      await settle().catch(() => undefined)
      await undone()
    })
    await settle()
  })
}
