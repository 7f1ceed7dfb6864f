// osctl trash-bin prune

import { command } from '../../command.js'
import { at } from '../../daemon-client.js'
import { printJson } from '../../listing.js'
import type { Session } from '../../session.js'

interface Report {
  readonly destroyed: readonly string[]
  readonly left: readonly { readonly dataset: string; readonly reason: string }[]
}

interface Next {
  readonly dataset: string
  readonly index: number
  readonly total: number
}

async function prune(session: Session, pool: string): Promise<Report> {
  const { Progress } = await import('../../progress.js')
  using progress = new Progress(session)
  return await session.daemon.ask<Report>(at`POST /pools/${pool}/trash/prune`, {
    onProgress: (line) => {
      const { dataset, index, total } = line as Next
      progress.show((index - 1) / total, `${index}/${total} ${dataset}`)
    },
  })
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
      const report = await prune(session, pool)
      reports.push({ pool, ...report })
      session.tell(`Pool ${pool}: ${report.destroyed.length} destroyed, ${report.left.length} left`)
      for (const { reason } of report.left) session.tell(`  ${reason}`)
    }
    if (session.json) printJson(session, reports)
  },
})
