// osctl ct config reload

import { command } from '../../../command.js'
import { at } from '../../../daemon-client.js'
import { inPool } from '../../../session.js'

export default command({
  usage: 'ID',
  summary: 'take what stands in the file of a stopped container, after that was edited',
  details: 'Its user, group and dataset must be as they were.',
  async run([id], _options, session) {
    await session.daemon.ask(at`POST /containers/${inPool(session, id)}/config/reload`)
  },
})
