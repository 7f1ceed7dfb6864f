// osctl monitor

import { command } from '../command.js'
import { printJson } from '../listing.js'
import { cell } from '../table.js'

const TOLD_FIRST = ['type', 'time', 'pool', 'id', 'epoch', 'seq']

export default command({
  summary: 'print all that happens to containers',
  async run(_args, _options, session) {
    for await (const line of session.daemon.lines('GET /events')) {
      if (session.json) {
        printJson(session, line)
        continue
      }
      const event = line as Readonly<Record<string, unknown>>
      const time = new Date(Number(event.time)).toISOString()
      const more = Object.entries(event)
        .filter(([name, value]) => !TOLD_FIRST.includes(name) && value !== null)
        .map(([name, value]) => `${name}=${cell(value)}`)
      const words = [time, event.type, event.pool, event.id].filter((word) => word !== undefined)
      session.print(`${[...words.map(cell), ...more].join(' ')}\n`)
    }
  },
})
