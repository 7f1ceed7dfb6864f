// Which containers are meant: by what they are, or by their names.

import type { Given, Options } from './command.js'
import type { Query } from './daemon-client.js'
import { UsageError } from './errors.js'
import type { Thing } from './listing.js'
import { inPool, referenceOf, type Session } from './session.js'
import { inParts } from './words.js'

export const containerFilters = {
  pool: { value: 'POOLS', summary: 'in these pools' },
  user: { short: 'u', value: 'NAMES', summary: 'of these users' },
  group: { short: 'g', value: 'PATHS', summary: 'in these groups' },
  state: { short: 'S', value: 'STATES', summary: 'in these states' },
  distribution: { short: 'd', value: 'NAMES', summary: 'of these distributions' },
  version: { short: 'v', value: 'VERSIONS', summary: 'of these versions of them' },
  ephemeral: { short: 'e', summary: 'that are deleted when they stop' },
  persistent: { short: 'p', summary: 'that are not' },
} satisfies Options

/** Those that are meant, also where more are named than one request can name. */
export async function containersMeant(
  session: Session,
  ids: readonly string[],
  filters: Partial<Given<typeof containerFilters>>,
  more: Query,
): Promise<readonly Thing[]> {
  const found = new Map<string, Thing>()
  for (const some of inParts(ids.map((id) => inPool(session, id)))) {
    const query = { ...containersQuery(session, some, filters), ...more }
    const things = await session.daemon.ask<readonly Thing[]>('GET /containers', { query })
    for (const thing of things) found.set(referenceOf(thing), thing)
  }
  return [...found.values()]
}

/** For `GET /containers`. */
export function containersQuery(
  session: Session,
  ids: readonly string[],
  { ephemeral, persistent, ...of }: Partial<Given<typeof containerFilters>>,
): Query {
  if (ephemeral && persistent) throw new UsageError('--ephemeral or --persistent')
  const { pool, user, group, state, distribution, version } = of
  return {
    ids: ids.length === 0 ? null : ids.join(','),
    pool: pool ?? session.pool,
    ...{ user, group, state, distribution, version },
    ephemeral: ephemeral ? true : persistent ? false : null,
  }
}
