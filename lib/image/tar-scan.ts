// Walks through a tar archive as it streams by and reports every entry before its data is let on.
//
// A library for reading archives would not do: what it reports has to be what `tar` will unpack, to
// the byte. So everything on which two programs could disagree is refused here: links with data,
// names given twice, names in global headers, unknown types, data after the end.

import { BLOCK, decodeHeader, isZero, typeOf, type TarHeader, type TarType } from './tar-header.js'
import { decodePax } from './pax.js'

/** One entry; the names are Latin-1 strings, so that every byte stays what it is. */
export interface TarEntry {
  readonly type: TarType
  readonly name: string
  /** Where a link leads; '' for all else. */
  readonly link: string
  /** Bytes of data in the archive. */
  readonly size: number
}

/** Why an archive cannot be read. The caller knows its name, and makes a typed error of it. */
export type TarFault =
  | { type: 'format' }
  | { type: 'corrupt'; reason: string }
  | { type: 'entry'; name: string; reason: 'ambiguous' | 'unknown-type' }
  | { type: 'header'; allowed: number }

export class TarFaultError extends Error {
  constructor(readonly fault: TarFault) {
    super(fault.type)
  }
}

// Long names and extended attributes: the kernel allows 64 KiB for an attribute.
const MAX_METADATA = 1024 * 1024

/** Records that say where an entry goes or how long it is. */
const POSITIONAL = /^(path|linkpath|size|GNU\.sparse\..*)$/

type State = 'header' | 'metadata' | 'sparse-map' | 'data' | 'end'

export class TarScan {
  #state: State = 'header'
  // What is left of the block or of the data in hand.
  #collected: Buffer[] = []
  #needed = BLOCK
  #skip = 0
  #first = true
  #flag = ''
  #metadata = 0
  #size = 0
  #pax: Map<string, Buffer> | null = null
  #longName: string | null = null
  #longLink: string | null = null
  readonly #onEntry: (entry: TarEntry) => void

  /** @param onEntry may throw, which ends the scan */
  constructor(onEntry: (entry: TarEntry) => void) {
    this.#onEntry = onEntry
  }

  /** Reports every entry whose header is complete with this chunk. @throws TarFaultError */
  push(chunk: Buffer): void {
    for (let at = 0; at < chunk.length;) {
      if (this.#state === 'end') {
        if (!isZero(chunk.subarray(at))) corrupt('there is data after the end of the archive')
        return
      }
      if (this.#skip > 0) {
        const skipped = Math.min(this.#skip, chunk.length - at)
        this.#skip -= skipped
        at += skipped
        continue
      }
      const taken = chunk.subarray(at, at + this.#needed)
      at += taken.length
      this.#needed -= taken.length
      this.#collected.push(taken)
      if (this.#needed > 0) return
      const block = this.#collected.length === 1 ? taken : Buffer.concat(this.#collected)
      this.#collected = []
      this.#take(block)
    }
  }

  /** Says that nothing follows. @throws TarFaultError when something is missing */
  end(): void {
    if (this.#state === 'end') return
    if (this.#first) throw new TarFaultError({ type: 'format' })
    corrupt('it is truncated')
  }

  #take(block: Buffer): void {
    switch (this.#state) {
      case 'header':
        return this.#header(block)
      case 'metadata':
        this.#expect('header', BLOCK)
        return this.#extra(block)
      case 'sparse-map':
        if (block[504] !== 0) return this.#expect('sparse-map', BLOCK)
        return this.#data(this.#size)
      case 'data':
      case 'end':
        throw new Error(`not reached: ${this.#state}`)
    }
  }

  #header(block: Buffer): void {
    if (isZero(block)) {
      if (this.#pax !== null || this.#longName !== null || this.#longLink !== null) {
        corrupt('an extended header is followed by nothing')
      }
      this.#state = 'end'
      return
    }
    const header = decodeHeader(block)
    if (header === null) {
      if (this.#first) throw new TarFaultError({ type: 'format' })
      corrupt('an entry has a damaged header')
    }
    this.#first = false
    if ('xgLK'.includes(header.flag)) {
      if (header.size > MAX_METADATA) {
        throw new TarFaultError({ type: 'header', allowed: MAX_METADATA })
      }
      this.#flag = header.flag
      this.#metadata = header.size
      return this.#expect('metadata', padded(header.size))
    }
    this.#entry(header)
  }

  /** @param blocks with what fills the last one */
  #extra(blocks: Buffer): void {
    switch (this.#flag) {
      case 'L':
        if (this.#longName !== null) ambiguous(this.#longName)
        this.#longName = this.#long(blocks)
        return
      case 'K':
        if (this.#longLink !== null) ambiguous(this.#longLink)
        this.#longLink = this.#long(blocks)
        return
    }
    const records = decodePax(blocks.subarray(0, this.#metadata))
    if (records === null) corrupt('an extended header is damaged')
    if (this.#flag === 'g') {
      for (const key of records.keys()) if (POSITIONAL.test(key)) ambiguous(`global header: ${key}`)
    } else {
      if (this.#pax !== null) ambiguous(value(this.#pax, 'path') ?? '')
      this.#pax = records
    }
  }

  // tar takes what is there up to a zero, also beyond the length.
  #long(blocks: Buffer): string {
    const name = untilZero(blocks)
    return name.length > this.#metadata ? ambiguous(name) : name
  }

  #entry(header: TarHeader): void {
    const path = this.#pax === null ? null : value(this.#pax, 'path')
    const link = this.#pax === null ? null : value(this.#pax, 'linkpath')
    const sparse = this.#pax === null ? null : value(this.#pax, 'GNU.sparse.name')
    const name = sparse ?? path ?? this.#longName ?? header.name
    const type = typeOf(header.flag, name)
    if (type === undefined) {
      throw new TarFaultError({ type: 'entry', name, reason: 'unknown-type' })
    }
    const target = link ?? this.#longLink ?? header.link
    let { size } = header
    const given = this.#pax === null ? null : value(this.#pax, 'size')
    if (given !== null) {
      if (!/^[0-9]{1,15}$/.test(given)) ambiguous(name)
      size = Number(given)
    }
    const twice =
      (path !== null && this.#longName !== null) || (link !== null && this.#longLink !== null)
    // tar takes such a name for a directory's, or cuts it there.
    const cut = [name, target].some((text) => text.includes('\0'))
    if (twice || cut || (type !== 'file' && size !== 0)) ambiguous(name)
    this.#pax = this.#longName = this.#longLink = null
    this.#onEntry({ type, name, link: type === 'link' || type === 'symlink' ? target : '', size })
    if (header.extended) {
      this.#size = size
      this.#expect('sparse-map', BLOCK)
    } else {
      this.#data(size)
    }
  }

  #data(size: number): void {
    this.#skip = padded(size)
    this.#expect('header', BLOCK)
  }

  #expect(state: State, bytes: number): void {
    this.#state = state
    this.#needed = bytes
  }
}

function padded(size: number): number {
  return Math.ceil(size / BLOCK) * BLOCK
}

function untilZero(data: Buffer): string {
  const end = data.indexOf(0)
  return data.toString('latin1', 0, end === -1 ? data.length : end)
}

function value(records: Map<string, Buffer>, key: string): string | null {
  return records.get(key)?.toString('latin1') ?? null
}

function corrupt(reason: string): never {
  throw new TarFaultError({ type: 'corrupt', reason })
}

function ambiguous(name: string): never {
  throw new TarFaultError({ type: 'entry', name, reason: 'ambiguous' })
}
