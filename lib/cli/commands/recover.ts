// osctl recover

import { command } from '../command.js'
import { printJson } from '../listing.js'
import { cell } from '../table.js'

interface Leftover {
  readonly type: string
  readonly what: string
  readonly reason: string
}

interface Report {
  readonly removed: readonly Leftover[]
  readonly left: readonly Leftover[]
  readonly unseen: readonly {
    readonly pool: string
    readonly error: { readonly message: string }
  }[]
}

export default command({
  summary: 'remove what was left over by what was cut off, as `osctl healthcheck` finds it',
  details: 'Ends with 1 when something is left that somebody has to look at.',
  options: {},
  async run(_args, _options, session) {
    const report = await session.daemon.ask<Report>('POST /host/recover')
    const { removed, left, unseen } = report
    if (session.json) printJson(session, report)
    for (const { type, what } of removed) session.tell(`Removed: ${type} ${cell(what)}`)
    for (const { type, what, reason } of left)
      session.tell(`Left: ${type} ${cell(what)}: ${cell(reason)}`)
    for (const { pool, error } of unseen)
      session.tell(`Not looked at: pool ${pool}: ${cell(error.message)}`)
    return left.length + unseen.length > 0 ? 1 : 0
  },
})
