// osctl ct thaw

import { command } from '../../command.js'
import { at } from '../../daemon-client.js'
import { inPool } from '../../session.js'

export default command({
  usage: 'ID',
  summary: 'have the processes of a frozen container go on',
  async run([id], _options, session) {
    await session.daemon.ask(at`POST /containers/${inPool(session, id)}/thaw`)
  },
})
