// Settings of a running container that wait for its next start: those that its file has otherwise than it
// was started with.

import { isDeepStrictEqual } from 'node:util'
import type { SettingName } from './settings.js'

export class Pending {
  /** What is in force, as the file had it; nothing where the file cannot have that again. */
  readonly #inForce = new Map<SettingName, { readonly value: unknown } | null>()

  get names(): SettingName[] {
    return [...this.#inForce.keys()]
  }

  /** The file has been changed. Answers whether the setting waits. */
  changed(name: SettingName, before: unknown, after: unknown): boolean {
    const inForce = this.#inForce.get(name)
    if (inForce === null) return true
    if (isDeepStrictEqual(inForce === undefined ? before : inForce.value, after)) {
      this.#inForce.delete(name)
      return false
    }
    if (inForce === undefined) this.#inForce.set(name, { value: before })
    return true
  }

  /** It waits, whatever the file says from now on. */
  add(name: SettingName): void {
    this.#inForce.set(name, null)
  }

  /** It has been started anew. */
  clear(): void {
    this.#inForce.clear()
  }
}
