// osctl ct mounts del

import { command } from '../../../command.js'
import { at } from '../../../daemon-client.js'
import { inPool } from '../../../session.js'

export default command({
  usage: 'ID MOUNTPOINT',
  summary: 'take such a mount away; what is in the dataset stays',
  async run([id, mountpoint], _options, session) {
    await session.daemon.ask(at`DELETE /containers/${inPool(session, id)}/mounts`, {
      query: { mountpoint },
    })
  },
})
