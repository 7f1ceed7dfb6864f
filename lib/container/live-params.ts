// Parameters of a container that runs, as they are changed in its cgroup and taken back.

import { isSame, usableParams } from '../group/cgparams.js'
import { resetOf } from '../group/limit-params.js'
import type { Cgparam } from '../schema/cgparam.js'
import { writeParams } from './limits.js'
import type { ContainerRecord } from './record.js'

/** Parameters that are among the new ones no more. */
function goneOf(before: readonly Cgparam[], after: readonly Cgparam[]): Cgparam[] {
  return before.filter((old) => !after.some((param) => isSame(param, old)))
}

export class LiveParams {
  readonly #record: ContainerRecord
  readonly #before: readonly Cgparam[]
  readonly #after: readonly Cgparam[]
  /** What the kernel had of those that no value takes back. */
  #had: Cgparam[] = []

  constructor(record: ContainerRecord, before: readonly Cgparam[], after: readonly Cgparam[]) {
    this.#record = record
    this.#before = before
    this.#after = after
  }

  /** Those that are in force now. */
  get written(): readonly Cgparam[] {
    return this.#after
  }

  /** Those whose cgroup keeps them as long as it is there. */
  get stuck(): Cgparam[] {
    const gone = goneOf(this.#before, this.#after)
    return usableParams(this.#record.host.cgroups, gone).filter((param) => resetOf(param) === null)
  }

  /** Writes the new ones, and takes back those that are not among them any more. */
  async apply(): Promise<void> {
    this.#had = await this.#read(goneOf(this.#after, this.#before))
    const gone = goneOf(this.#before, this.#after)
    await this.#write([...gone.flatMap((param) => resetOf(param) ?? []), ...this.#after])
  }

  async takeBack(): Promise<void> {
    const gone = goneOf(this.#after, this.#before)
    const reset = gone.flatMap((param) => resetOf(param) ?? [])
    await this.#write([...reset, ...this.#had, ...this.#before])
  }

  async #write(params: readonly Cgparam[]): Promise<void> {
    await writeParams(this.#record, params)
  }

  async #read(params: readonly Cgparam[]): Promise<Cgparam[]> {
    const usable = usableParams(this.#record.host.cgroups, params)
    const found = usable.filter((param) => resetOf(param) === null)
    const read = await Promise.all(found.map((param) => this.#now(param)))
    return read.filter((param) => param !== null)
  }

  async #now(param: Cgparam): Promise<Cgparam | null> {
    const dir = this.#record.cgroupDir()
    const text = await dir.read(param.subsystem, param.name).catch(() => '')
    const value = text.trim()
    // A list is no value that could be written.
    return value === '' || value.includes('\n') ? null : { ...param, value: [value] }
  }
}
