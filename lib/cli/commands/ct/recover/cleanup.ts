// osctl ct recover cleanup

import { command } from '../../../command.js'
import { at } from '../../../daemon-client.js'
import { printJson } from '../../../listing.js'
import { inPool } from '../../../session.js'

interface Belonging {
  readonly type: string
  readonly what: string
}

interface Report {
  readonly removed: readonly Belonging[]
  readonly left: readonly Belonging[]
}

export default command({
  usage: 'ID',
  summary: 'remove cgroups and network interfaces that a stopped container has left',
  options: {
    force: { short: 'f', summary: 'kill what still runs in its cgroups' },
    cgroups: { summary: 'only cgroups' },
    'network-interfaces': { summary: 'only network interfaces' },
  },
  async run([id], options, session) {
    const { force, cgroups, 'network-interfaces': networkInterfaces } = options
    const all = cgroups === networkInterfaces
    const report = await session.daemon.ask<Report>(
      at`POST /containers/${inPool(session, id)}/recover-cleanup`,
      {
        query: { force, cgroups: all || cgroups, networkInterfaces: all || networkInterfaces },
      },
    )
    if (session.json) printJson(session, report)
    for (const { type, what } of report.removed) session.tell(`Removed ${type} ${what}`)
    for (const { type, what } of report.left) session.tell(`Could not remove ${type} ${what}`)
    if (report.removed.length + report.left.length === 0) session.tell('Nothing is left')
    return report.left.length === 0 ? 0 : 1
  },
})
