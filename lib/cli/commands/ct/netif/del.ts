// osctl ct netif del

import { command } from '../../../command.js'
import { at } from '../../../daemon-client.js'
import { inPool } from '../../../session.js'
import { setContainer } from '../../../settings.js'

interface Shown {
  readonly netif: { readonly name: string } | null
}

export default command({
  usage: 'ID NAME',
  summary: 'take its network interface from a container',
  async run([id, name], _options, session) {
    const { netif } = await session.daemon.ask<Shown>(at`GET /containers/${inPool(session, id)}`)
    if (netif?.name !== name) throw new Error(`it has no network interface '${name}'`)
    await setContainer(session, id, { netif: null })
  },
})
