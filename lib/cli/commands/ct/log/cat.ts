// osctl ct log cat

import { createReadStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { command } from '../../../command.js'
import { at } from '../../../daemon-client.js'
import { inPool } from '../../../session.js'

export default command({
  usage: 'ID',
  summary: 'print the log of LXC for a container',
  async run([id], _options, session) {
    const { logFile } = await session.daemon.ask<{ logFile: string }>(
      at`GET /containers/${inPool(session, id)}`,
    )
    await pipeline(createReadStream(logFile), process.stdout, { end: false })
  },
})
