// osctl ct del

import { command } from '../../command.js'
import { at } from '../../daemon-client.js'
import { tellLeftovers, type Receipt } from '../../receipt.js'
import { inPool } from '../../session.js'

export default command({
  usage: 'ID',
  summary: 'delete a container and all that is in it',
  options: { force: { short: 'f', summary: 'stop it first, where it runs' } },
  async run([id], { force }, session) {
    const where = at`DELETE /containers/${inPool(session, id)}`
    return tellLeftovers(await session.daemon.ask<Receipt>(where, { query: { force } }))
  },
})
