// Containers of which a pool knows nothing, as their files are broken, or gone: of what there is in it, any may be theirs.

import type { Known } from '../keeper/types.js'
import type { Pool } from './pool.js'

/** What the keeper has running in it, as it says when it is asked. */
export async function strangersIn({ host, name, containers }: Pool): Promise<readonly Known[]> {
  const keeper = await host.keeper()
  const running = await keeper.containers()
  return running.filter(({ pool, id }) => pool === name && !containers.has(id))
}

/** Files of containers that cannot be read, in words for `InUseError`. */
export function brokenIn({ broken, layout }: Pool): readonly string[] {
  return broken
    .filter(({ path }) => path.startsWith(`${layout.conf('ct')}/`))
    .map(({ path }) => `a container perhaps: ${path} is broken`)
}

/** The same, with those whose files are gone, as far as the keeper has told of them. */
export function unknownIn(pool: Pool): readonly string[] {
  const broken = brokenIn(pool)
  if (broken.length > 0) return broken
  return [...pool.strangers]
    .filter((id) => !pool.containers.has(id))
    .map((id) => `container ${id} perhaps: it runs without a file`)
}

/** @param running all that a keeper has; events tell of their ends */
export function noteStrangers(pool: Pool, running: readonly Known[]): void {
  pool.strangers.clear()
  for (const { pool: name, id } of running) {
    if (name === pool.name && !pool.containers.has(id)) pool.strangers.add(id)
  }
}
