// osctl ct set seccomp

import { command } from '../../../command.js'
import { setContainer } from '../../../settings.js'

export default command({
  usage: 'ID PATH',
  summary: 'set the seccomp policy that LXC gives it: a file of the host',
  run: ([id, seccompProfile], _options, session) => setContainer(session, id, { seccompProfile }),
})
