// Which containers are meant: by what they are, or by their names.

import type { Given, Options } from './command.js'
import type { Query } from './daemon-client.js'
import { UsageError } from './errors.js'
import { inPool, type Session } from './session.js'

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

/** For `GET /containers`. */
export function containersQuery(
  session: Session,
  ids: readonly string[],
  { ephemeral, persistent, ...of }: Partial<Given<typeof containerFilters>>,
): Query {
  if (ephemeral && persistent) throw new UsageError('--ephemeral or --persistent')
  const { pool, user, group, state, distribution, version } = of
  return {
    ids: ids.length === 0 ? null : ids.map((id) => inPool(session, id)).join(','),
    pool: pool ?? session.pool,
    ...{ user, group, state, distribution, version },
    ephemeral: ephemeral ? true : persistent ? false : null,
  }
}
