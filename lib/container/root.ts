// What a run begins with: the container's own root filesystem, or one that was made from an image for it alone.

import type { CloneMode } from '../schema/pool.js'
import type { InitKind } from './init.js'

export interface Root {
  /** The path of its directory, or the name of its dataset. */
  readonly home: string
  readonly mode: CloneMode
  /** The image that it was made from; null where that is not known. */
  readonly image: string | null
  readonly distribution: string
  readonly init: InitKind
  /** Of the guest's systemd, where it is one and tells. */
  readonly systemdVersion: number | null
  /** Where the container's own is seen in it; null: nowhere. */
  readonly ownAt: string | null
}
