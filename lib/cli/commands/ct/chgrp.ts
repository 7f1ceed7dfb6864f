// osctl ct chgrp

import { command } from '../../command.js'
import { at } from '../../daemon-client.js'
import { inPool } from '../../session.js'

export default command({
  usage: 'ID GROUP',
  summary: 'put a stopped container into another group',
  async run([id, group], _options, session) {
    await session.daemon.ask(at`POST /containers/${inPool(session, id)}/chgrp`, {
      query: { group },
    })
  },
})
