// osctl ct del

import { command } from '../../command.js'
import { at } from '../../daemon-client.js'
import { inPool } from '../../session.js'

interface Receipt {
  readonly leftovers: readonly { readonly kind: string; readonly what: string }[]
}

export default command({
  usage: 'ID',
  summary: 'delete a container and all that is in it',
  options: { force: { short: 'f', summary: 'stop it first, where it runs' } },
  async run([id], { force }, session) {
    const { leftovers } = await session.daemon.ask<Receipt>(
      at`DELETE /containers/${inPool(session, id)}`,
      { query: { force } },
    )
    for (const left of leftovers) process.stderr.write(`left: ${JSON.stringify(left)}\n`)
    return leftovers.length === 0 ? 0 : 1
  },
})
