// osctl user unset standalone

import { command } from '../../../command.js'
import { at } from '../../../daemon-client.js'
import { inPool } from '../../../session.js'

export default command({
  usage: 'NAME',
  summary: 'have it go with its last container',
  async run([name], _options, session) {
    await session.daemon.ask(at`PATCH /users/${inPool(session, name)}`, {
      body: { standalone: false },
    })
  },
})
