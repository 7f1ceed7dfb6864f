// What was asked for and done stands in the history of its pool, as vpsAdminOS notes it.

import type { FastifyBaseLogger } from 'fastify'
import type { Host } from '../host/host.js'
import type { Call } from './call.js'

/** What a program is given, and settings of any length, are not for a history. */
const MAX_BODY = 16 * 1024

interface What {
  readonly call: Pick<Call, 'name' | 'noted'> & { readonly method: string }
  readonly path: Readonly<Record<string, string>>
  readonly query: object
  readonly body: unknown
  readonly command: string | null
  readonly log: FastifyBaseLogger
}

type Note = (result: unknown) => Promise<void>

/**
 * Before it is done, as what is deleted cannot be found afterwards.
 *
 * @returns what notes it; null for what changes nothing
 */
export function noteOf(host: Host, what: What): Note | null {
  const { call, path, query, body, command, log } = what
  if (call.method === 'GET') return null
  const before = poolNamed(host, path) ?? poolIn(query) ?? poolMeant(host, path, query)
  return async (result) => {
    const pool = host.pools.find(before ?? poolIn(body) ?? poolIn(result) ?? '')
    if (pool === null) return
    const cmd = call.name.replace(/^container\./, 'ct.').replace(/[.-]/g, '_')
    const said = call.noted(body)
    const text = JSON.stringify(said ?? {})
    const cli = command === null ? {} : { cli: command }
    const more = text.length <= MAX_BODY ? (said as object) : {}
    const { wait: _wait, ...asked } = query as { wait?: unknown }
    const opts = { ...more, ...asked, ...idOf(path), pool: pool.name, ...cli }
    // It is done, whether that can be noted or not.
    await pool.history.append({ cmd, opts }).catch((error: unknown) => {
      log.warn({ err: error, call: call.name }, 'not noted in the history')
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

/** Of what is named without a pool, as the engine takes it: images are of the first one, datasets of the innermost. */
function poolMeant(host: Host, { image }: What['path'], query: object): string | undefined {
  if (image !== undefined) return host.pools.list()[0]?.name
  const { dataset } = query as { dataset?: string }
  if (dataset === undefined) return undefined
  return host.pools
    .list()
    .filter((pool) => dataset.startsWith(`${pool.dataset}/`))
    .sort((a, b) => String(b.dataset).length - String(a.dataset).length)[0]?.name
}

/** Containers have an id, all others a name. */
function idOf({ container, user, group, range, image }: What['path']): object {
  const bare = (reference: string) => reference.slice(reference.indexOf(':') + 1)
  if (container !== undefined) return { id: bare(container) }
  const name = user ?? group ?? range ?? image
  return name === undefined ? {} : { name: bare(name) }
}
