// What happens to containers: what the keeper saw, and what this process did itself.

import type { KeeperEvent } from '../keeper/types.js'

/** Where an event stands. Resume after one with `host.events({ since: event })`. */
export interface EventPosition {
  readonly epoch: string
  readonly seq: number
}

interface OwnEventBase extends EventPosition {
  /** Milliseconds since 1970. */
  readonly time: number
  readonly pool: string
  readonly id: string
}

/**
 * The keeper's events are numbered and kept, also while no process has the host open. Those of the
 * engine itself (`created` and the following) bear the number of the keeper's last event, and come
 * after it: they are told to whoever listens, and are not repeated with `since`.
 *
 * - `state`: it is in another `state`; `initPid` while it runs. Where that cannot be seen at once, `running` is
 *   told once more with it.
 * - `ready`: its init says that the system in it is up, with a `status` in words.
 * - `exit`: a run ended, for a `reason`, with a `code` or by a `signal`.
 * - `session`: a program in it has ended. Told of those of `spawn()`, and of those of `exec()` that have an
 *   input or take longer than some 10 ms.
 * - `gap`: what happened between two numbers, `from` and `to`, could not be kept; from 0 on, what an earlier
 *   keeper has told.
 * - `created`, `deleted`, and `renamed` with the id before, `from`.
 * - `reinstalled`: it has another root filesystem.
 * - `changed`: `settings` were set or unset, or what has calls of its own: `attributes`, `mounts`, `datasets`,
 *   `user`, `group`.
 * - `frozen`: `freeze()` or `thaw()` is done.
 *
 * docs/events.md has them as a table.
 */
export type HostEvent =
  | KeeperEvent
  | (OwnEventBase & { readonly type: 'created' })
  | (OwnEventBase & { readonly type: 'deleted' })
  | (OwnEventBase & { readonly type: 'renamed'; readonly from: string })
  | (OwnEventBase & { readonly type: 'reinstalled' })
  | (OwnEventBase & { readonly type: 'changed'; readonly settings: readonly string[] })
  | (OwnEventBase & { readonly type: 'frozen'; readonly frozen: boolean })
