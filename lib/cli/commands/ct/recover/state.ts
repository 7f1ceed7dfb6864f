// osctl ct recover state

import { command } from '../../../command.js'
import { at } from '../../../daemon-client.js'
import { printJson } from '../../../listing.js'
import { inPool } from '../../../session.js'

export default command({
  usage: 'ID',
  summary: 'find out anew whether a container runs, and finish what is to be done when it does not',
  options: {
    lock: { on: true, summary: 'not while something else is done to it' },
  },
  async run([id], { lock }, session) {
    const name = inPool(session, id)
    const answer = await session.daemon.ask<{ state: string }>(
      at`POST /containers/${name}/recover-state`,
      { query: { lock } },
    )
    if (session.json) printJson(session, answer)
    else session.tell(`Container ${id} is ${answer.state}`)
  },
})
