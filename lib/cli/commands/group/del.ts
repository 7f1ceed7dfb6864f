// osctl group del

import { command } from '../../command.js'
import { at } from '../../daemon-client.js'
import { inPool } from '../../session.js'

export default command({
  usage: 'PATH',
  summary: 'delete a group that has nothing in it',
  async run([path], _options, session) {
    await session.daemon.ask(at`DELETE /groups/${inPool(session, path)}`)
  },
})
