// osctl user del

import { command } from '../../command.js'
import { at } from '../../daemon-client.js'
import { inPool } from '../../session.js'

export default command({
  usage: 'NAME',
  summary: 'delete a user that has no containers',
  async run([name], _options, session) {
    await session.daemon.ask(at`DELETE /users/${inPool(session, name)}`)
  },
})
