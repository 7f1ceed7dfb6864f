// The kinds of things there are, and where each of them is in the daemon's API.

import { at } from './daemon-client.js'

export interface Kind {
  /** What stands for one in a command's usage. */
  readonly argument: string
  /** @param name `[POOL:]NAME` */
  readonly at: (name: string) => string
}

export const pools = { argument: 'POOL', at: (name) => at`/pools/${name}` } satisfies Kind
export const idRanges = { argument: 'NAME', at: (name) => at`/id-ranges/${name}` } satisfies Kind
export const users = { argument: 'NAME', at: (name) => at`/users/${name}` } satisfies Kind
export const groups = { argument: 'PATH', at: (name) => at`/groups/${name}` } satisfies Kind
export const containers = { argument: 'ID', at: (name) => at`/containers/${name}` } satisfies Kind
