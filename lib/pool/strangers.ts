// What the keeper has running in a pool and the pool knows nothing of: its file is broken, or gone.

import type { Known } from '../keeper/types.js'
import type { Pool } from './pool.js'

export async function strangersIn({ host, name, containers }: Pool): Promise<readonly Known[]> {
  const keeper = await host.keeper()
  const running = await keeper.containers()
  return running.filter(({ pool, id }) => pool === name && !containers.has(id))
}
