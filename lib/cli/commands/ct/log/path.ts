// osctl ct log path

import { command } from '../../../command.js'
import { at } from '../../../daemon-client.js'
import { inPool } from '../../../session.js'

export default command({
  usage: 'ID',
  summary: 'print where the log of LXC for a container is',
  async run([id], _options, session) {
    const { logFile } = await session.daemon.ask<{ logFile: string }>(
      at`GET /containers/${inPool(session, id)}`,
    )
    session.print(`${logFile}\n`)
  },
})
