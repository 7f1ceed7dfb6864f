// The contract of the addon: everything that crosses between JavaScript and C++. Written
// by hand, one file per native room, same names and order as native/<room>/binding.cc.
// Rules of the boundary: native/README.md. Nothing in here is public.
import type { Lxc } from './native/lxc.js'
import type { Zfs } from './native/zfs.js'
import type { Cgroup } from './native/cgroup.js'
import type { Ns } from './native/ns.js'
import type { KeeperRoom } from './native/keeper.js'
import type { Process } from './native/process.js'
import type { Net } from './native/net.js'

export type * from './native/lxc.js'
export type * from './native/zfs.js'
export type * from './native/cgroup.js'
export type * from './native/ns.js'
export type * from './native/keeper.js'
export type * from './native/process.js'
export type * from './native/net.js'

/** What is known about a system library that is opened at run time. */
export type LibraryFeatures =
  | {
      state: 'loaded'
      soname: string
      /** `null` when the library has no way to tell. */
      version: string | null
      path: string
      /** What not every version has, and this one does. */
      optional: string[]
    }
  | { state: 'missing'; soname: string; reason: string }

export interface NativeFeatures {
  lxc: LibraryFeatures
  zfsCore: LibraryFeatures
  nvpair: LibraryFeatures
}

/** What lib/ uses. Loads the addon when it is first touched. */
export interface Native {
  /** Inline; the first call opens what is there. */
  features(): NativeFeatures
  readonly lxc: Lxc
  readonly zfs: Zfs
  readonly cgroup: Cgroup
  readonly ns: Ns
  readonly keeper: KeeperRoom
  readonly process: Process
  readonly net: Net
}

/** What the .node file exports. */
export interface Addon extends Native {
  setErrors(classes: Record<string, abstract new (...args: never[]) => Error>): void
}

export declare const native: Native
export declare function load(): Addon
