// The groups of a pool below one another, with what is used in them; and the containers in them.

import { drawn, drawsUnicode, type Twig } from './drawn-tree.js'
import { bytes, microseconds } from './humanize.js'
import { printJson } from './listing.js'
import type { Session } from './session.js'
import { columns } from './table.js'

interface Group {
  readonly pool: string
  readonly path: string
  readonly stats: Stats | null
}

interface Stats {
  readonly memory: number | null
  readonly cpuUs: number | null
}

interface Container {
  readonly id: string
  readonly group: string
  readonly state: string
  readonly stats: Stats | null
}

export async function printTree(
  session: Session,
  pool: string,
  withContainers: boolean,
): Promise<void> {
  const [all, containers] = await Promise.all([
    session.daemon.ask<readonly Group[]>('GET /groups', { query: { stats: true } }),
    withContainers
      ? session.daemon.ask<readonly Container[]>('GET /containers', {
          query: { pool, fields: 'id,group,state', stats: true },
        })
      : [],
  ])
  const groups = all.filter((group) => group.pool === pool)
  const root = groups.find(({ path }) => path === '/')
  if (root === undefined) throw new Error(`pool '${pool}' not found`)
  if (session.json) return printJson(session, withContainers ? { groups, containers } : groups)
  const state = (text: string) => (withContainers ? [text] : [])
  const twig = (group: Group, name: string): Twig => {
    const prefix = group.path === '/' ? '/' : `${group.path}/`
    const below = groups.filter(
      ({ path }) =>
        path !== '/' && path.startsWith(prefix) && !path.slice(prefix.length).includes('/'),
    )
    return {
      name,
      cells: [...state(''), ...cells(group.stats, session)],
      below: [
        ...below.map((one) => twig(one, one.path.slice(prefix.length))),
        ...containers
          .filter((one) => one.group === group.path)
          .map((one) => ({
            name: one.id,
            cells: [...state(one.state), ...cells(one.stats, session)],
            below: [],
          })),
      ],
    }
  }
  const headings = [
    { name: withContainers ? 'container' : 'group' },
    ...(withContainers ? [{ name: 'state' }] : []),
    { name: 'memory', right: true },
    { name: 'cpu_us', right: true },
  ]
  session.print(columns(headings, drawn(twig(root, '/'), drawsUnicode()), true, session.paint))
}

function cells(stats: Stats | null, { parsable }: Session): string[] {
  const shown = (value: number | null | undefined, as: (value: number) => string) =>
    value === null || value === undefined ? '-' : parsable ? String(value) : as(value)
  return [shown(stats?.memory, bytes), shown(stats?.cpuUs, microseconds)]
}
