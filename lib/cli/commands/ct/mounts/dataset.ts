// osctl ct mounts dataset

import { command } from '../../../command.js'
import { at } from '../../../daemon-client.js'
import { UsageError } from '../../../errors.js'
import { inPool } from '../../../session.js'

export default command({
  usage: 'ID NAME MOUNTPOINT',
  summary: 'have a container see a dataset of its own somewhere, at once where it runs',
  options: { ro: { summary: 'it cannot write to it' }, rw: { summary: 'it can: the default' } },
  async run([id, dataset, mountpoint], { ro, rw }, session) {
    if (ro && rw) throw new UsageError('--ro or --rw')
    await session.daemon.ask(at`POST /containers/${inPool(session, id)}/mounts`, {
      body: { dataset, mountpoint, readonly: ro },
    })
  },
})
