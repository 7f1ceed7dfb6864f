// osctl ct console

import { command } from '../../command.js'
import { openConsole } from '../../console-client.js'
import { UsageError } from '../../errors.js'
import { inPool } from '../../session.js'

export default command({
  usage: 'ID',
  summary: "open a container's console; Ctrl-a q leaves it",
  details:
    'It may be stopped: what it says is seen when it is started. Without a terminal it goes on until SIGINT or SIGTERM.\n' +
    'With --json, lines of JSON on the standard input: {"keys":"base64","rows":25,"cols":80}.',
  options: { tty: { short: 't', value: 'NUMBER', summary: 'only 0 is possible yet' } },
  async run([id], { tty = '0' }, session) {
    if (tty !== '0') throw new UsageError('there is only terminal 0 yet')
    await openConsole(session, inPool(session, id))
  },
})
