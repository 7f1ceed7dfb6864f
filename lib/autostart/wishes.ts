// Which containers of a pool are to be started by themselves, and which of these are to be stopped before others.

import type { Container } from '../container/container.js'
import type { Pool } from '../pool/pool.js'
import type { Wish } from './order.js'

/** What a container says of its own start; null when it is not to be started by itself. */
export function wishOf(container: Container): Wish | null {
  const { id, autostart } = container.show()
  if (autostart === null) return null
  const { priority, after, requires } = autostart
  return { id, priority, after, requires }
}

/**
 * With those that they require, and so on, as far as they do not run yet. Who is required comes no later than who
 * requires it.
 *
 * @param wanted whether one is to be started
 */
export function startWishes(pool: Pool, wanted: (id: string) => boolean): readonly Wish[] {
  const found = new Map<string, Wish>()
  const add = (container: Container, before: number): void => {
    const { id } = container
    const own = wishOf(container) ?? { id, priority: before, after: [], requires: [] }
    const priority = Math.min(own.priority, before)
    const known = found.get(id)
    if (container.state !== 'stopped' || (known !== undefined && known.priority <= priority)) return
    found.set(id, { ...own, priority })
    for (const other of own.requires) {
      const required = pool.containers.get(other)
      if (required !== undefined) add(required, priority)
    }
  }
  for (const container of pool.containers.values()) {
    const wish = wishOf(container)
    if (wish !== null && wanted(container.id)) add(container, wish.priority)
  }
  return [...found.values()]
}

const FIRST = -(2 ** 31)

/** All that run: those without a wish first, then the last first, and each after those that wait for it. */
export function stopWishes(pool: Pool): readonly Wish[] {
  const alive = [...pool.containers.values()].filter(({ record }) => record.run.alive)
  const wishes = new Map(alive.map((container) => [container.id, wishOf(container)]))
  const users = new Map<string, string[]>(alive.map(({ id }) => [id, []]))
  for (const [id, wish] of wishes) {
    if (wish === null) continue
    for (const other of new Set([...wish.after, ...wish.requires])) users.get(other)?.push(id)
  }
  return [...wishes].map(([id, own]): Wish => {
    const priority = own === null ? FIRST : -own.priority
    return { id, priority, after: users.get(id) ?? [], requires: [] }
  })
}
