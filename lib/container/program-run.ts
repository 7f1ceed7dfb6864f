// The run of a container that was started for a program alone, with an init of ours (native/init). The keeper
// ends it with the last program in it; here is what is known of it.

import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { deadline } from '../host/deadline.js'
import { StateError } from '../host/errors.js'
import { programRunDirectory } from './lxc-file.js'
import type { ContainerRecord } from './record.js'

/** How long its end is waited for: after SIGKILL only the kernel can be slow. */
const END_MS = 30_000

export class ProgramRun {
  readonly #record: ContainerRecord
  #present = false
  #network = false
  #removal: Promise<void> = Promise.resolve()
  /** Who is just starting it, for others to wait for. */
  starting: Promise<void> | null = null
  /** Programs that are about to begin in it, and of which the keeper does not know yet. */
  beginning = 0

  constructor(record: ContainerRecord) {
    this.#record = record
  }

  /** Whether that is what runs, or is being started. */
  get present(): boolean {
    return this.#present
  }

  /** Whether it has the interfaces of the container. */
  get network(): boolean {
    return this.#network
  }

  /** The next run is one. */
  begin(network: boolean): void {
    this.#present = true
    this.#network = network
  }

  /** What the keeper says of what runs. */
  found(program: boolean): void {
    this.#present = program
  }

  ended(): void {
    if (!this.#present) return
    this.#present = false
    this.#remove()
  }

  /** For the import of its pool: perhaps nobody has seen the end of the last one. */
  async finish(): Promise<void> {
    // Of thousands of containers hardly one has it: a look at each is a tenth of a removal.
    if (!this.#present && existsSync(programRunDirectory(this.#record))) this.#remove()
    await this.#removal
  }

  #remove(): void {
    const directory = programRunDirectory(this.#record)
    // What cannot be removed is overwritten by the next one.
    const remove = () => rm(directory, { recursive: true, force: true }).catch(() => undefined)
    this.#removal = this.#removal.then(remove)
  }

  /** @throws StateError while that is what runs */
  assertAbsent(what: string): void {
    if (!this.#present) return
    const { name } = this.#record
    throw new StateError(name, 'running for a program', `${what} can begin when that has ended`)
  }

  /** Resolves at once while programs are left in it; after the last one, when nothing of it is left. */
  async settled(): Promise<void> {
    const { run } = this.#record
    if (this.#present && run.state === 'stopping') {
      using limit = deadline(`end of ${this.#record.name}`, END_MS)
      await run.until(() => (run.alive ? undefined : true), limit.signal).catch(() => undefined)
    }
    await this.#removal
  }
}
