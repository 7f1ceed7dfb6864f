// What a command has at hand: the daemon, where its output goes, and what was said for all commands.

import type { Paint } from './colors.js'
import type { DaemonClient } from './daemon-client.js'
import type { Thing } from './listing.js'

export interface Session {
  readonly daemon: DaemonClient
  /** JSON instead of text. */
  readonly json: boolean
  /** Numbers as they are, not rounded for people. */
  readonly parsable: boolean
  readonly quiet: boolean
  /** Colours, where they are seen; null: none. */
  readonly paint: Paint | null
  /** Where what is named without a pool is looked for; null: in all, in their order. */
  readonly pool: string | null
  /** For what a script reads. */
  print(text: string): void
  /** How far it is, for whoever watches; nothing with `--quiet`. */
  tell(text: string): void
}

/** `[POOL:]NAME`, in the pool that was said for all commands. */
export function inPool({ pool }: Session, name: string): string {
  return pool === null || name.includes(':') ? name : `${pool}:${name}`
}

/** Of a container that the daemon tells of. */
export function referenceOf({ pool, id }: Thing): string {
  return `${String(pool)}:${String(id)}`
}

/** The name and the pool of what is to be made: `[POOL:]NAME`, or a pool of an option. */
export function named(
  { pool }: Session,
  name: string,
  option?: string,
): { readonly pool: string | undefined; readonly name: string } {
  const colon = name.indexOf(':')
  if (colon > 0) return { pool: name.slice(0, colon), name: name.slice(colon + 1) }
  return { pool: option ?? pool ?? undefined, name }
}

/** Where nothing was found: whoever looks in a pool that is not in use is told so. */
export async function tellOfPools(
  session: Session,
  pools: readonly string[] | undefined,
): Promise<void> {
  const meant = pools ?? (session.pool === null ? [] : [session.pool])
  if (meant.length === 0 || session.quiet || session.json) return
  const all = await session.daemon.ask<readonly Thing[]>('GET /pools')
  for (const pool of meant) {
    if (!all.some(({ name }) => name === pool)) session.tell(`pool '${pool}' is not imported`)
  }
}

/**
 * Of a list of all, those that were named, and those of the pools that were.
 *
 * @throws Error for one that is not among them
 */
export function wantedOf(
  { pool }: Session,
  all: readonly Thing[],
  names: readonly string[],
  pools: readonly string[] | undefined = pool === null ? undefined : [pool],
): readonly Thing[] {
  const among = all.filter((thing) => pools?.includes(String(thing.pool)) ?? true)
  if (names.length === 0) return among
  return names.flatMap((name) => {
    const found = among.filter((thing) => {
      const own = String(thing.name ?? thing.path)
      return name === own || name === `${String(thing.pool)}:${own}`
    })
    if (found.length === 0) throw new Error(`'${name}' not found`)
    return found
  })
}
