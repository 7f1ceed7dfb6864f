// osctl ct set distribution

import { command } from '../../../command.js'
import { at } from '../../../daemon-client.js'
import { inPool } from '../../../session.js'

export default command({
  usage: 'ID DISTRIBUTION VERSION [ARCH]',
  summary: 'say which system is in a stopped container, after that was changed from inside',
  async run([id, distribution, version, arch], _options, session) {
    await session.daemon.ask(at`POST /containers/${inPool(session, id)}/distribution`, {
      body: { distribution, version, arch },
    })
  },
})
