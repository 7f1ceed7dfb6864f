// osctl ct chown

import { command } from '../../command.js'
import { at } from '../../daemon-client.js'
import { inPool } from '../../session.js'

export default command({
  usage: 'ID USER',
  summary: 'give a stopped container another user, whose ids it runs with from then on',
  details: "Its files stay as they are: on the disk they have the container's own ids.",
  async run([id, user], _options, session) {
    await session.daemon.ask(at`POST /containers/${inPool(session, id)}/chown`, { query: { user } })
  },
})
