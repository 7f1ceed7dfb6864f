// osctl trash-bin prune

import { command } from '../../command.js'
import { at } from '../../daemon-client.js'
import { printJson } from '../../listing.js'

interface Report {
  readonly destroyed: readonly string[]
  readonly left: readonly { readonly dataset: string; readonly reason: string }[]
}

export default command({
  usage: '[POOLS...]',
  summary: 'destroy what is in the trash of pools, or of all; what is busy waits for another time',
  details:
    'One after the other, with five seconds between two, in which ZFS frees what the first one had.',
  async run(pools, _options, session) {
    const all = await session.daemon.ask<{ name: string }[]>('GET /pools')
    const own = session.pool === null ? all.map(({ name }) => name) : [session.pool]
    const reports: (Report & { pool: string })[] = []
    for (const pool of pools.length > 0 ? pools : own) {
      const report = await session.daemon.ask<Report>(at`POST /pools/${pool}/trash/prune`)
      reports.push({ pool, ...report })
      session.tell(`Pool ${pool}: ${report.destroyed.length} destroyed, ${report.left.length} left`)
      for (const { reason } of report.left) session.tell(`  ${reason}`)
    }
    if (session.json) printJson(session, reports)
  },
})
