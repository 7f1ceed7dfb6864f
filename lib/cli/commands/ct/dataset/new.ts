// osctl ct dataset new

import { command } from '../../../command.js'
import { at } from '../../../daemon-client.js'
import { UsageError } from '../../../errors.js'
import { inPool } from '../../../session.js'

export default command({
  usage: 'ID NAME [MOUNTPOINT]',
  summary: 'make a dataset below that of a container, and mount it in there',
  options: { mount: { on: true, summary: 'by default, at its name' } },
  async run([id, name, mountpoint], { mount }, session) {
    if (!mount && mountpoint !== undefined) throw new UsageError('MOUNTPOINT or --no-mount')
    await session.daemon.ask(at`POST /containers/${inPool(session, id)}/datasets/${name}`, {
      body: { mountpoint: mount ? mountpoint : null },
    })
  },
})
