// What an image is, and what the rest of the engine may do with a pool's images.

import type { OperationOptions } from '../host/operation.js'
import type { OpenImage } from '../storage/images.js'
import type { ImportImage } from './schema.js'

export type { ImportImage, OpenImage }

/** What an image is called by. */
export interface ImageAttributes {
  /** Where it came from: the name of a repository, or `local`. */
  readonly source: string
  readonly vendor: string
  readonly variant: string
  readonly arch: string
  readonly distribution: string
  readonly version: string
}

/** One root filesystem in a pool's cache. It is never written to. */
export interface Image extends ImageAttributes {
  /** Unique in the pool, and the name of its directory. */
  readonly id: string
  /** SHA-256 in hex: of the archive as it was given, or of a canonical archive of the directory. */
  readonly digest: string
  /** The directory of the root filesystem; for one that is a dataset, where it would be mounted. */
  readonly root: string
  /** Files, directories and all else in it. */
  readonly entries: number
  /** Bytes of the unpacked archive. */
  readonly size: number
  readonly importedAt: Date
}

/** What is not given matches anything. */
export type ImageQuery = {
  readonly [K in keyof ImageAttributes | 'id' | 'digest']?: string | undefined
}

export interface ImportProgress {
  /** Bytes read so far, of the archive as it was given. */
  readonly bytes: number
  /** Bytes of the archive; null for a directory. */
  readonly total: number | null
  /** Entries seen so far. */
  readonly entries: number
}

export interface ImportOptions extends OperationOptions {
  readonly onProgress?: ((progress: ImportProgress) => void) | undefined
}

/** A pool's images. */
export interface ImageCache {
  /** Newest first. From memory: touches no disk. */
  list(query?: ImageQuery): readonly Image[]
  /** @throws NotFoundError when there is none; with several, the one imported last is meant */
  find(query: ImageQuery): Image
  import(what: ImportImage, options?: ImportOptions): Promise<Image>
  /** Its tree, to be read until it is closed: where it is a dataset, it is mounted until then. */
  open(image: Image): Promise<OpenImage>
  /** Keeps the image from being deleted until it is disposed of: while a container is made from it. */
  hold(image: Image, holder: string): Disposable
  /** Cannot be given up once it has begun. @throws InUseError while a container needs it or somebody holds it */
  delete(id: string, options?: OperationOptions): Promise<void>
}
