// osctl ct freeze

import { command } from '../../command.js'
import { at } from '../../daemon-client.js'
import { inPool } from '../../session.js'

export default command({
  usage: 'ID',
  summary: 'stop all processes of a container where they are',
  async run([id], _options, session) {
    await session.daemon.ask(at`POST /containers/${inPool(session, id)}/freeze`)
  },
})
