// osctl ct prlimits unset

import { command } from '../../../command.js'
import { setContainer } from '../../../settings.js'

export default command({
  usage: 'ID LIMIT',
  summary: "take a limit of a container's processes away",
  async run([id, limit], _options, session) {
    await setContainer(session, id, { prlimits: { [limit]: null } })
  },
})
