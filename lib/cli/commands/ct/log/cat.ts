// osctl ct log cat

import { pipeline } from 'node:stream/promises'
import { isatty } from 'node:tty'
import { openFile } from '../../../../pool/open-file.js'
import { command } from '../../../command.js'
import { at } from '../../../daemon-client.js'
import { inPool } from '../../../session.js'
import { visible } from '../../../table.js'

export default command({
  usage: 'ID',
  summary: 'print the log of LXC for a container',
  async run([id], _options, session) {
    const { logFile } = await session.daemon.ask<{ logFile: string }>(
      at`GET /containers/${inPool(session, id)}`,
    )
    const log = (await openFile(logFile)).createReadStream()
    if (!isatty(1)) return pipeline(log, process.stdout, { end: false })
    for await (const text of log.setEncoding('utf8')) session.print(visible(String(text)))
  },
})
