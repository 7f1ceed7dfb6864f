// osctl ct config replace

import { command } from '../../../command.js'
import { at } from '../../../daemon-client.js'
import { UsageError } from '../../../errors.js'
import { inPool } from '../../../session.js'

/** As much as osctld takes. */
const MOST = 2 ** 18

async function given(): Promise<string> {
  let text = ''
  for await (const chunk of process.stdin.setEncoding('utf8')) {
    text += String(chunk)
    if (text.length > MOST) throw new UsageError('a configuration must be at most 256 KiB')
  }
  return text
}

export default command({
  usage: 'ID',
  summary: 'replace the configuration of a stopped container by the one on the standard input',
  details:
    'YAML, as in its file. What it does not say goes back to its default; its user, group and dataset, and which system is in it,\nstay, and need not be said.',
  async run([id], _options, session) {
    const config = await given()
    await session.daemon.ask(at`POST /containers/${inPool(session, id)}/config`, {
      body: { config },
    })
  },
})
