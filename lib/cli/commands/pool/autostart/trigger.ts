// osctl pool autostart trigger

import { command } from '../../../command.js'
import { at } from '../../../daemon-client.js'

interface Report {
  readonly started: readonly string[]
  readonly failed: readonly string[]
}

export default command({
  usage: 'POOL',
  summary: 'start all that is to be started by itself, even if it was already, and wait for it',
  async run([pool], _options, session) {
    const { started } = await session.daemon.ask<Report>(at`POST /pools/${pool}/autostart`, {
      query: { again: true },
    })
    session.tell(`${started.length} started`)
  },
})
