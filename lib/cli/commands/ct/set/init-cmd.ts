// osctl ct set init-cmd

import { command } from '../../../command.js'
import { setContainer } from '../../../settings.js'

export default command({
  usage: 'ID BINARY [ARGUMENTS...]',
  summary: 'set the program that is its init',
  passes: true,
  run: ([id, ...initCmd], _options, session) => setContainer(session, id, { initCmd }),
})
