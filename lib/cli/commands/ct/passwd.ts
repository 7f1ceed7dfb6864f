// osctl ct passwd

import { command } from '../../command.js'
import { at } from '../../daemon-client.js'
import { askPassword } from '../../password.js'
import { inPool } from '../../session.js'

export default command({
  usage: 'ID USER [PASSWORD]',
  summary: "set a password of a container's user; it is asked for when it is not said",
  secretFrom: 2,
  async run([id, user, given], _options, session) {
    const password = given ?? (await askPassword())
    await session.daemon.ask(at`POST /containers/${inPool(session, id)}/passwd`, {
      body: { user, password },
    })
  },
})
