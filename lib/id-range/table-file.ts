// The file of an id-range. It grows with the number of containers and changes whenever one is made
// or deleted, so the list of allocations is written as text: parsing a thousand of them as YAML on
// every change would stop the event loop for tens of milliseconds.

import { stat } from 'node:fs/promises'
import { ConfigDocument } from '../pool/config-document.js'
import { ConfigFile, type Patch } from '../pool/config-file.js'
import { readFile } from '../pool/open-file.js'
import { replaceFile } from '../pool/write-file.js'
import { idRangeFile, type IdRangeFile } from '../schema/id-range.js'
import type { Allocation } from './allocation-table.js'

/** Bytes: enough for an owner of each of the 65,535 blocks that there are ids for. */
const MAX_TABLE = 2 ** 23

export class TableFile {
  readonly #file: ConfigFile<typeof idRangeFile>
  // What stands before the list of allocations, and which version of the file that was true of.
  #head: { text: string; version: string } | null = null

  constructor(readonly path: string) {
    this.#file = new ConfigFile(path, idRangeFile, MAX_TABLE)
  }

  /** @throws ConfigBrokenError */
  read(): Promise<IdRangeFile> {
    return this.#file.read()
  }

  create(fields: Omit<IdRangeFile, 'allocations'>): Promise<IdRangeFile> {
    return this.#file.create({ ...fields, allocations: [] })
  }

  remove(): Promise<void> {
    return this.#file.remove()
  }

  /** Replaces the list; other fields stay as they are on disk now. */
  async save(allocations: readonly Allocation[]): Promise<void> {
    await this.#write(await this.#headNow(), allocations)
  }

  /** Changes other fields, and writes the list as it is given. */
  async update(patch: Patch, allocations: readonly Allocation[]): Promise<IdRangeFile> {
    const head = ConfigDocument.parse(await this.#headNow(), this.path)
    head.merge(patch)
    const value = head.check(idRangeFile)
    await this.#write(head.toString(), allocations)
    return value
  }

  async #headNow(): Promise<string> {
    if (this.#head?.version === (await this.#version())) return this.#head.text
    return headOf(await readFile(this.path, MAX_TABLE), this.path)
  }

  async #write(head: string, allocations: readonly Allocation[]): Promise<void> {
    this.#head = null
    await replaceFile(this.path, head + listOf(allocations))
    this.#head = { text: head, version: await this.#version() }
  }

  async #version(): Promise<string> {
    const { ino, mtimeNs, size } = await stat(this.path, { bigint: true })
    return `${ino}-${mtimeNs}-${size}`
  }
}

/** All but the list. */
export function headOf(text: string, path: string): string {
  return ConfigDocument.parse(text, path).head('allocations')
}

/** The list, to be written after the rest. */
export function listOf(allocations: readonly Allocation[]): string {
  return `allocations:${allocations.length === 0 ? ' []\n' : `\n${allocations.map(entry).join('')}`}`
}

// JSON strings are YAML strings too.
function entry({ blockIndex, blockCount, owner }: Allocation): string {
  return (
    `  - index: ${blockIndex}\n` +
    `    count: ${blockCount}\n` +
    `    owner: ${owner !== null && /^[a-z]+:[a-zA-Z0-9_-]+$/.test(owner) ? owner : JSON.stringify(owner)}\n`
  )
}
