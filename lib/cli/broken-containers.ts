// Containers that are in no list, as their files cannot be used, though they may run: whoever looks at one is told.

import type { Session } from './session.js'
import { cell } from './table.js'

interface PoolFiles {
  readonly name: string
  readonly path: string
  readonly broken: readonly { readonly path: string; readonly reason: string }[]
}

/** Of a pool from elsewhere it may be all. */
const MOST = 5

/** @param pools that were looked in; default: what was said for all commands, or all of them */
export async function tellOfBroken(
  session: Session,
  pools: readonly string[] | undefined,
): Promise<void> {
  if (session.quiet || session.json) return
  // The list was printed, and is right.
  const all = await session.daemon.ask<readonly PoolFiles[]>('GET /pools').catch(() => [])
  const meant = pools ?? (session.pool === null ? all.map(({ name }) => name) : [session.pool])
  const told = all
    .filter(({ name }) => meant.includes(name))
    .flatMap(brokenIn)
    .sort()
  for (const text of told.slice(0, MOST)) session.tell(text)
  if (told.length > MOST)
    session.tell(`… and ${told.length - MOST} more: \`osctl healthcheck\` has them all`)
}

function brokenIn({ name, path, broken }: PoolFiles): string[] {
  const directory = `${path}/conf/ct/`
  return broken
    .filter((file) => file.path.startsWith(directory))
    .map((file) => {
      const id = file.path.slice(directory.length).replace(/\.yml$/, '')
      return `container '${cell(`${name}:${id}`)}' cannot be listed: ${cell(file.reason)}`
    })
}
