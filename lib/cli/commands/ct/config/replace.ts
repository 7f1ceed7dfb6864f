// osctl ct config replace

import { text } from 'node:stream/consumers'
import { command } from '../../../command.js'
import { at } from '../../../daemon-client.js'
import { inPool } from '../../../session.js'

export default command({
  usage: 'ID',
  summary: 'replace the configuration of a stopped container by the one on the standard input',
  details:
    'YAML, as in its file. What it does not say goes back to its default; its user, group and dataset stay, and need not be said.',
  async run([id], _options, session) {
    const config = await text(process.stdin)
    await session.daemon.ask(at`POST /containers/${inPool(session, id)}/config`, {
      body: { config },
    })
  },
})
