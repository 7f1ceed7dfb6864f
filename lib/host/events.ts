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
 * engine itself (`created` and the following) bear the number of the keeper's last event: they are
 * told to whoever listens, and are not repeated with `since`.
 */
export type HostEvent =
  | KeeperEvent
  | (OwnEventBase & { readonly type: 'created' })
  | (OwnEventBase & { readonly type: 'deleted' })
  | (OwnEventBase & { readonly type: 'renamed'; readonly from: string })
  | (OwnEventBase & { readonly type: 'changed'; readonly settings: readonly string[] })
  | (OwnEventBase & { readonly type: 'frozen'; readonly frozen: boolean })
