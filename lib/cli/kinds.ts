// The kinds of things there are, and where each of them is in the daemon's API.

import { at } from './daemon-client.js'
import { inPool, type Session } from './session.js'

export interface Kind {
  /** What stands for one in a command's usage. */
  readonly argument: string
  /** @param name `[POOL:]NAME` */
  readonly at: (session: Session, name: string) => string
}

/** They are in no pool themselves. */
export const pools = {
  argument: 'POOL',
  at: (_session, name) => at`/pools/${name}`,
} satisfies Kind

export const idRanges = {
  argument: 'NAME',
  at: (session, name) => at`/id-ranges/${inPool(session, name)}`,
} satisfies Kind

export const users = {
  argument: 'NAME',
  at: (session, name) => at`/users/${inPool(session, name)}`,
} satisfies Kind

export const groups = {
  argument: 'PATH',
  at: (session, name) => at`/groups/${inPool(session, name)}`,
} satisfies Kind

export const containers = {
  argument: 'ID',
  at: (session, name) => at`/containers/${inPool(session, name)}`,
} satisfies Kind
