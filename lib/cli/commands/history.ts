// osctl history

import { command } from '../command.js'
import { printJson } from '../listing.js'
import { cell } from '../table.js'

interface Entry {
  readonly pool: string
  readonly time: number
  readonly cmd: string
  readonly opts: { readonly cli?: string }
}

export default command({
  usage: '[POOLS...]',
  summary: 'print what was done to pools and to what is in them, the oldest first',
  async run(pools, _options, session) {
    const wanted = pools.length > 0 ? pools : session.pool === null ? [] : [session.pool]
    const entries = await session.daemon.ask<readonly Entry[]>('GET /host/history', {
      query: { pools: wanted.length === 0 ? null : wanted.join(',') },
    })
    if (session.json) return printJson(session, entries)
    for (const { pool, time, cmd, opts } of entries) {
      const { cli, ...more } = opts
      const what = cli ?? `${cmd} ${JSON.stringify(more)}`
      session.print(`${new Date(time).toISOString()} ${pool} ${cell(what)}\n`)
    }
  },
})
