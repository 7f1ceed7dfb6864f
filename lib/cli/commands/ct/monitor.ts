// osctl ct monitor

import { command } from '../../command.js'
import { printJson } from '../../listing.js'
import { inPool } from '../../session.js'

interface Event {
  readonly type: string
  readonly pool?: string
  readonly id?: string
  readonly state?: string
}

export default command({
  usage: '[IDS...]',
  summary: 'print the states that containers come into, as it happens',
  async run(ids, _options, session) {
    const wanted = ids.map((id) => inPool(session, id))
    for await (const line of session.daemon.lines('GET /events')) {
      if ((line as Event).type === 'gap') {
        session.tell('Events were lost: states may be missing')
        continue
      }
      const { type, pool = '', id = '', state = '' } = line as Event
      const named = wanted.length === 0 || wanted.includes(id) || wanted.includes(`${pool}:${id}`)
      if (type !== 'state' || !named) continue
      if (session.json) printJson(session, line)
      else session.print(`state ${pool} ${id} ${state}\n`)
    }
  },
})
