// A container that lasts for one run is deleted when that has ended, however it did. A reboot, from inside or as a
// restart, is no end of it, nor is a start that fails. From before it is started its file says on which run of the
// machine, so that whoever imports its pool later knows whether it has run.

import { bootId } from '../host/boot-id.js'
import type { Operation } from '../host/operation.js'
import type { KeeperEvent } from '../keeper/types.js'
import { done } from '../step.js'
import { Aftermath } from './aftermath.js'
import { deleteLocked } from './delete.js'
import { forgetExit } from './last-exit.js'
import type { ContainerRecord } from './record.js'
import { notedRest } from './rest-note.js'

const UNMARKED = { vpsadminos: { ephemeral_run: undefined } }

export class Ephemeral {
  readonly #record: ContainerRecord
  #ran = false
  /** What follows is another run of the same. */
  #goesOn = false
  /** Its run is over, and nobody has begun another one. */
  #due = false
  readonly #aftermath = new Aftermath()

  constructor(record: ContainerRecord) {
    this.#record = record
  }

  observe(event: KeeperEvent): void {
    if (event.type === 'exit') this.#goesOn = ['reboot', 'failed'].includes(event.reason)
    if (event.type !== 'state') return
    if (event.state === 'running') this.runs()
    if (event.state === 'stopped') this.ended()
  }

  /** It does, for all that is known. What it is started for a program is no run of its own. */
  runs(): void {
    if (this.#record.programRun.present) return
    this.#ran = true
    this.#goesOn = false
  }

  /** Nothing of it runs any more. */
  ended(): void {
    const { config, pool } = this.#record
    const over = this.#ran && !this.#goesOn && config.ephemeral
    // While its pool is being imported nobody can begin to: who imports it looks once more at the end.
    if (over && pool.state !== 'importing') this.#delete()
    this.#ran = false
  }

  /** No deletion is under way. */
  settled(): Promise<void> {
    return this.#aftermath.settled()
  }

  /** The same, for who has ended its run. @throws what has kept it from being deleted */
  deleted(): Promise<void> {
    return this.#aftermath.finished()
  }

  /** Another run of it is to follow. */
  spare(): void {
    this.#due = false
  }

  /** It is about to be started. */
  async mark(op: Operation): Promise<void> {
    const record = this.#record
    if (!record.config.ephemeral || record.programRun.present) return
    // One that is there afterwards is of this run.
    await forgetExit(record.pool, record.id)
    using _settings = await record.lockSettings(op)
    record.config = await record.file.update(await runMark(true))
    done('ephemeral.marked', op.signal)
  }

  /** It could not be. */
  async unmark(op: Operation): Promise<void> {
    const record = this.#record
    if (record.run.alive || record.config.vpsadminos.ephemeral_run === undefined) return
    using anyway = op.withoutSignal()
    using _settings = await record.lockSettings(anyway)
    record.config = await record.file.update(UNMARKED)
  }

  /** For the import of its pool: whatever has become of a run of it meanwhile. */
  async finish(op: Operation): Promise<void> {
    const record = this.#record
    const { ephemeral, vpsadminos } = record.config
    if (!ephemeral || record.run.alive) return
    const marked = vpsadminos.ephemeral_run
    if (marked === undefined) return
    // It was stopped only to be started again, which follows when its pool is active.
    if ((await notedRest(record))?.resume === 'start') return
    const { exit } = record.run
    const hasRun = exit !== null && exit.reason !== 'reboot' && exit.reason !== 'failed'
    // With the machine it was stopped in any case.
    if (hasRun || marked !== (await bootId())) await deleteLocked(op, record)
    else record.config = await record.file.update(UNMARKED)
  }

  #delete(): void {
    const { name, pool } = this.#record
    this.#due = true
    this.#aftermath.add(
      () => this.#remove(),
      ({ message }) => {
        // Who imports its pool next goes on with it.
        if (pool.released.aborted) return false
        process.emitWarning(`${name} could not be deleted after its run: ${message}`, {
          code: 'VPSADMINOS_UNFINISHED',
        })
        return true
      },
    )
  }

  async #remove(): Promise<void> {
    const record = this.#record
    const { signal } = record.gone
    using op = await record
      .begin('delete', { signal, wait: Infinity, label: 'its run is over' })
      .catch((error: unknown) => {
        // Somebody else has deleted it, or whoever imports its pool next does.
        if (signal.aborted) return null
        throw error
      })
    if (op === null) return
    if (this.#due && !record.run.alive && record.config.ephemeral) await deleteLocked(op, record)
  }
}

/** What its file says of a run of it. */
export async function runMark(running: boolean) {
  return { vpsadminos: { ephemeral_run: running ? await bootId() : undefined } }
}
