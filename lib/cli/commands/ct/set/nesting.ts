// osctl ct set nesting

import { command } from '../../../command.js'
import { setContainer } from '../../../settings.js'

export default command({
  usage: 'ID',
  summary: 'let it run containers of its own',
  run: ([id], _options, session) => setContainer(session, id, { nesting: true }),
})
