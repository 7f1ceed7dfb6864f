// Another rootfs for a container that is there: made beside the first one, then put in its place.

import type { RootfsSource } from './driver.js'

export interface ReplacementStorage {
  /** Where it is until then. */
  beside(home: string): string

  /** Makes it from the image, with what else is the container's own of its place. Undone when it fails. */
  create(
    home: string,
    source: RootfsSource,
    options: { signal?: AbortSignal | undefined },
  ): Promise<void>

  /** Takes it away. Not existing is fine. */
  discard(home: string): Promise<void>

  /**
   * Puts it in its place, and the first one away, as a deletion does. Again, after it was cut off, it goes on;
   * without one, it does nothing.
   */
  finish(home: string): Promise<void>
}

/** What it is called beside the container's own. No container is. */
export function besideName(name: string): string {
  return `.${name}.fresh`
}

/** Also for one run: boot-home.ts. */
export function isBeside(name: string): boolean {
  return /^\..*\.(fresh|boot)$/.test(name)
}
