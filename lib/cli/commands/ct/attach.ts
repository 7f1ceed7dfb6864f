// osctl ct attach

import { command } from '../../command.js'
import { inPool } from '../../session.js'
import { openShell } from '../../shell.js'

export default command({
  usage: 'ID',
  summary: 'open a shell in a container',
  options: { 'user-shell': { short: 'u', summary: "root's own, with its settings" } },
  run: ([id], options, session) => openShell(session, inPool(session, id), options['user-shell']),
})
