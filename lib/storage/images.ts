// Where a pool keeps its images: what a storage does for the store of them.

import type { z } from 'zod'
import type { imageFile } from '../image/schema.js'

/** What an image's file says of it. */
export type ImageFile = z.output<typeof imageFile>

export interface ImageStorage {
  /** The pool's root directory, for errors. */
  readonly pool: string

  /** Ids of images. What an import or a deletion left half-done goes, where the pool can be written. */
  sweep(): Promise<string[]>

  /** @throws ConfigBrokenError, or the system's error */
  read(id: string): Promise<ImageFile>

  /** Where the tree of one is, for whoever has mounted it. */
  root(id: string): string

  /** Room for a new one, which nobody sees before it is published. */
  stage(): Promise<StagedImage>

  /** It can be read by `path` until it is closed. */
  open(id: string): Promise<OpenImage>

  /** Takes its name away: nobody finds it any more. What it answers removes it. Undone when it fails. */
  hide(id: string): Promise<() => Promise<void>>
}

/** Disposed of without being published, it is removed. */
export interface StagedImage extends AsyncDisposable {
  /** An empty directory for its tree. */
  readonly root: string

  /** To the disk, with all that is in the tree, where the pool is durable. */
  write(file: ImageFile): Promise<void>

  /** Gives it its name. One that has it already stays, and this one goes. */
  publish(id: string): Promise<void>
}

export interface OpenImage extends AsyncDisposable {
  readonly path: string
}
