// osctl ct set ephemeral

import { command } from '../../../command.js'
import { setContainer } from '../../../settings.js'

export default command({
  usage: 'ID',
  summary: 'have it be deleted when it has run and stops; a reboot is no stop',
  run: ([id], _options, session) => setContainer(session, id, { ephemeral: true }),
})
