// The contract of the addon: everything that crosses between JavaScript and C++. Written
// by hand, one file per native room, same names and order as native/<room>/binding.cc.
// Rules of the boundary: native/README.md. Nothing in here is public.
import type { Cgroup } from './native/cgroup.js'
import type { Ns } from './native/ns.js'
import type { KeeperRoom } from './native/keeper.js'

export type * from './native/cgroup.js'
export type * from './native/ns.js'
export type * from './native/keeper.js'

/** What lib/ uses, one member per room. Loads the addon when a room is first touched. */
export interface Native {
  readonly cgroup: Cgroup
  readonly ns: Ns
  readonly keeper: KeeperRoom
}

/** What the .node file exports. */
export interface Addon extends Native {
  setErrors(classes: Record<string, abstract new (...args: never[]) => Error>): void
}

export declare const native: Native
