// osctl pool autostart cancel

import { command } from '../../../command.js'
import { at } from '../../../daemon-client.js'

export default command({
  usage: 'POOL',
  summary: 'take away what waits to be started',
  async run([pool], _options, session) {
    const ids = await session.daemon.ask<readonly string[]>(at`DELETE /pools/${pool}/autostart`)
    session.tell(`${ids.length} cancelled`)
  },
})
