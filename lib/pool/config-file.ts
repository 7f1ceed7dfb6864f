// One entity's YAML file.

import { unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { z } from 'zod'
import { ConfigBrokenError } from '../host/errors.js'
import { ownTurn } from '../host/own-turn.js'
import { InTurn } from '../in-turn.js'
import { ConfigDocument, type Patch } from './config-document.js'
import { inDiskTurn } from './disk-turns.js'
import { nullWhenMissing, readFile } from './open-file.js'
import { poolError, replaceFile, syncDirectory } from './write-file.js'

export type { Patch } from './config-document.js'

/** A change of a file. */
export interface Exchanged<T> {
  /** For `update()`: its fields as they were. */
  readonly back: Patch
  /** What is there now. */
  readonly value: T
}

export class ConfigFile<T extends z.ZodType> {
  // Writers of one file take turns: two patches must not be made from the same old content.
  readonly #writers = new InTurn()

  /** @param most bytes that it may have, where that is more than others */
  constructor(
    readonly path: string,
    readonly schema: T,
    readonly most?: number,
  ) {}

  /** @throws ConfigBrokenError with line and column, or the system's error */
  async read(): Promise<z.output<T>> {
    const text = await readFile(this.path, this.most)
    await ownTurn()
    return ConfigDocument.parse(text, this.path).check(this.schema)
  }

  /** Writes a file that is not there yet. */
  async create(content: Patch): Promise<z.output<T>> {
    await ownTurn()
    return this.#store(ConfigDocument.from(content, this.path))
  }

  /**
   * Changes some fields of the file as it is on disk now, so that edits by hand are kept.
   *
   * @throws ConfigBrokenError when the file is gone, cannot be understood or would not be afterwards
   */
  async update(patch: Patch): Promise<z.output<T>> {
    return (await this.exchange(patch)).value
  }

  /** As {@link update}, and says what changes it back. */
  exchange(patch: Patch): Promise<Exchanged<z.output<T>>> {
    return this.#writers.run(async () => {
      const text = await this.text()
      await ownTurn()
      const document = ConfigDocument.parse(text, this.path)
      const back = document.merge(patch)
      return { back, value: await this.#store(document) }
    })
  }

  /** As it is on disk now. @throws ConfigBrokenError when it is gone */
  async text(): Promise<string> {
    const text = await readFile(this.path, this.most).catch(nullWhenMissing)
    if (text !== null) return text
    throw new ConfigBrokenError(this.path, 'is gone: put it back', null, null)
  }

  /**
   * Writes all of it anew.
   *
   * @throws ConfigBrokenError when it could not be understood afterwards
   */
  replace(document: ConfigDocument): Promise<z.output<T>> {
    return this.#writers.run(() => this.#store(document))
  }

  async remove(): Promise<void> {
    try {
      await inDiskTurn(this.path, async () => {
        await unlink(this.path)
        await syncDirectory(dirname(this.path))
      })
    } catch (error) {
      throw poolError(error, this.path)
    }
  }

  async #store(document: ConfigDocument): Promise<z.output<T>> {
    const value = document.check(this.schema)
    await replaceFile(this.path, document.toString())
    return value
  }
}
