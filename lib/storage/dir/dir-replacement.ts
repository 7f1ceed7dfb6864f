// A second directory beside that of a container.

import { basename, dirname, join } from 'node:path'
import type { RootfsSource } from '../driver.js'
import { besideName, type ReplacementStorage } from '../replacement.js'
import type { DirDriver } from './dir-driver.js'

export class DirReplacement implements ReplacementStorage {
  constructor(readonly driver: DirDriver) {}

  beside(directory: string): string {
    return join(dirname(directory), besideName(basename(directory)))
  }

  create(
    directory: string,
    source: RootfsSource,
    options: { signal?: AbortSignal | undefined },
  ): Promise<void> {
    return this.driver.create(this.beside(directory), source, options)
  }

  discard(directory: string): Promise<void> {
    return this.driver.remove(this.beside(directory))
  }

  async finish(directory: string): Promise<void> {
    const beside = this.beside(directory)
    if (!(await this.driver.exists(beside))) return
    await this.driver.check(beside)
    await this.driver.remove(directory)
    await this.driver.rename(beside, directory)
  }
}
