// The run of a container that began with the root filesystem of an image, and what becomes of that when the
// run is over, however it ended: it is removed. Whoever begins something with the container waits for it.

import { rm } from 'node:fs/promises'
import { StateError } from '../host/errors.js'
import { done } from '../step.js'
import { bootHome } from '../storage/boot-home.js'
import { Aftermath } from './aftermath.js'
import { imageRunDirectory } from './lxc-file.js'
import type { ContainerRecord } from './record.js'

export class ImageRun {
  readonly #record: ContainerRecord
  #present = false
  /** While `boot()` is under way, which looks for itself what has become of it. */
  #preparing = false
  readonly #aftermath = new Aftermath()

  constructor(record: ContainerRecord) {
    this.#record = record
  }

  /** Whether that is what runs, or is being started. */
  get present(): boolean {
    return this.#present
  }

  /** Whatever the last one has left is gone, or cannot be removed now. */
  settled(): Promise<void> {
    return this.#aftermath.settled()
  }

  /** The same, for who has ended the run. @throws what has kept it from being removed */
  removed(): Promise<void> {
    return this.#aftermath.finished()
  }

  /** The root is about to be made; `over()` follows in any case. */
  prepare(): void {
    this.#preparing = true
  }

  /** The next run is the one. */
  begin(): void {
    this.#present = true
  }

  /** `boot()` is. Where it has failed, or its run has ended meanwhile, nothing of it stays. */
  async over(): Promise<void> {
    this.#preparing = false
    if (!this.#record.run.alive) this.#present = false
    if (!this.#present) this.#remove()
    await this.#aftermath.settled()
  }

  /** What the keeper says of what runs. */
  found(once: boolean): void {
    if (once) this.#present = true
    else this.ended()
  }

  /** A run has ended. The next one, that of a reboot too, begins with the container's own root. */
  ended(): void {
    if (!this.#present) return
    this.#present = false
    if (!this.#preparing) this.#remove()
  }

  #remove(): void {
    const { gone, name } = this.#record
    this.#aftermath.add(
      () => this.finish(),
      ({ message }) => {
        // Who starts it next, or imports its pool, tries again.
        if (gone.signal.aborted) return false
        process.emitWarning(`${name} has left the root of a run: ${message}`, {
          code: 'VPSADMINOS_UNFINISHED',
        })
        return true
      },
    )
  }

  /** Removes what is left of a run that is over. */
  async finish(): Promise<void> {
    const record = this.#record
    this.#aftermath.forget()
    if (this.#present || record.config.vpsadminos.booted === undefined) return
    using op = record.beside('boot-end', {})
    using _settings = await record.lockSettings(op)
    record.assertPresent()
    if (record.config.vpsadminos.booted === undefined) return
    await record.pool.driver.remove(bootHome(record.home))
    await rm(imageRunDirectory(record), { recursive: true, force: true })
    done('boot.removed')
    record.config = await record.file.update({ vpsadminos: { booted: undefined } })
    done('boot.unmarked')
  }

  /** @throws StateError while what runs has another root than the container's own */
  assertAbsent(what: string): void {
    if (!this.#present) return
    const { name, run } = this.#record
    throw new StateError(name, run.state, `${what} needs its own root, and it runs from an image`)
  }
}
