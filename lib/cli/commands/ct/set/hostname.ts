// osctl ct set hostname

import { command } from '../../../command.js'
import { setContainer } from '../../../settings.js'

export default command({
  usage: 'ID HOSTNAME',
  summary: 'set the host name of a container, at once',
  run: ([id, hostname], _options, session) => setContainer(session, id, { hostname }),
})
