// What was asked for and done stands in the history of its pool, as vpsAdminOS notes it.

import type { Host } from '../host/host.js'
import type { Call } from './call.js'

/** What a program is given, and settings of any length, are not for a history. */
const MAX_BODY = 16 * 1024

interface What {
  readonly call: Call
  readonly path: Readonly<Record<string, string>>
  readonly query: object
  readonly body: unknown
  readonly command: string | null
}

type Note = (result: unknown) => Promise<void>

/**
 * Before it is done, as what is deleted cannot be found afterwards.
 *
 * @returns what notes it; null for what changes nothing
 */
export function noteOf(host: Host, what: What): Note | null {
  const { call, path, query, body, command } = what
  if (call.method === 'GET') return null
  const before = poolNamed(host, path) ?? poolIn(query)
  return async (result) => {
    const pool = host.pools.find(before ?? poolIn(body) ?? poolIn(result) ?? '')
    if (pool === null) return
    const cmd = call.name.replace(/^container\./, 'ct.').replace(/[.-]/g, '_')
    const said = call.noted(body)
    const text = JSON.stringify(said ?? {})
    const cli = command === null ? {} : { cli: command }
    const more = text.length <= MAX_BODY ? (said as object) : {}
    const { wait: _wait, ...asked } = query as { wait?: unknown }
    await pool.history.append({
      cmd,
      opts: { ...more, ...asked, ...idOf(path), pool: pool.name, ...cli },
    })
  }
}

function poolNamed(host: Host, path: What['path']): string | undefined {
  const { pool, container, user, group, range } = path
  if (container !== undefined) return host.containers.find(container)?.pool
  if (user !== undefined) return host.users.find(user)?.show().pool
  if (group !== undefined) return host.groups.find(group)?.show().pool
  if (range !== undefined) return host.idRanges.find(range)?.show().pool
  return pool
}

function poolIn(value: unknown): string | undefined {
  const { pool } = (value ?? {}) as { pool?: unknown }
  return typeof pool === 'string' ? pool : undefined
}

/** Containers have an id, all others a name. */
function idOf({ container, user, group, range, image }: What['path']): object {
  const bare = (reference: string) => reference.slice(reference.indexOf(':') + 1)
  if (container !== undefined) return { id: bare(container) }
  const name = user ?? group ?? range ?? image
  return name === undefined ? {} : { name: bare(name) }
}
