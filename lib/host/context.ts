// What the parts of one open host share.

import type { Governor } from '../autostart/governor.js'
import type { Cgroups } from '../cgroup/cgroups.js'
import type { PrlimitBounds } from '../container/prlimit-clamp.js'
import type { SessionEnds } from '../container/session.js'
import type { Keeper } from '../keeper/keeper.js'
import type { Pool } from '../pool/pool.js'
import type { ShutdownMarker } from '../shutdown/marker.js'
import type { HostEvent } from './events.js'
import type { Locks } from './locks.js'
import type { Machine } from './machine.js'
import type { StatePaths } from './paths.js'

export interface HostContext {
  readonly paths: StatePaths
  readonly cgroupRoot: string
  readonly interfacePrefix: string
  readonly machine: Machine
  readonly cgroups: Cgroups
  readonly locks: Locks
  readonly pools: Map<string, Pool>
  /** Names of those on their way there. */
  readonly importing: Set<string>
  /** The keeper, or another one after the first has ended. */
  keeper(): Promise<Keeper>
  /** Hard limits that the keeper cannot go beyond. */
  readonly prlimitBounds: PrlimitBounds
  /** The profile that containers get; null where the kernel has no AppArmor. */
  readonly apparmorProfile: string | null
  /** Where the reservations of ids of this machine are. */
  readonly idsDirectory: string
  readonly sessionEnds: SessionEnds
  readonly shutdownMarker: ShutdownMarker
  /** Lets in what is started by itself, in all pools. */
  readonly governor: Governor
  /** Aborted when the host is closed: what waits for anything but a container rejects with its reason. */
  readonly closed: AbortSignal
  emit(event: LocalEvent): void
}

type OwnEvent = Extract<
  HostEvent,
  { type: 'created' | 'deleted' | 'renamed' | 'reinstalled' | 'changed' | 'frozen' }
>

/** An event of the engine itself, before it gets its place among the keeper's. */
export type LocalEvent = OwnEvent extends infer E
  ? E extends OwnEvent
    ? Omit<E, 'epoch' | 'seq' | 'time'>
    : never
  : never
