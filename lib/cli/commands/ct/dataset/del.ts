// osctl ct dataset del

import { command } from '../../../command.js'
import { at } from '../../../daemon-client.js'
import { inPool } from '../../../session.js'

export default command({
  usage: 'ID NAME',
  summary: 'delete a dataset of a container, and what is in it',
  options: {
    recursive: { short: 'r', summary: 'with all that are below it' },
    umount: { short: 'u', summary: 'with its mounts' },
  },
  async run([id, name], { recursive, umount }, session) {
    await session.daemon.ask(at`DELETE /containers/${inPool(session, id)}/datasets/${name}`, {
      query: { recursive, unmount: umount },
    })
  },
})
