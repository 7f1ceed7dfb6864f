// osctl id-range del

import { command } from '../../command.js'
import { at } from '../../daemon-client.js'
import { inPool } from '../../session.js'

export default command({
  usage: 'NAME',
  summary: 'delete a range that nobody has ids of',
  async run([name], _options, session) {
    await session.daemon.ask(at`DELETE /id-ranges/${inPool(session, name)}`)
  },
})
