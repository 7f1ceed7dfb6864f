// osctl debug operations cancel

import { command } from '../../../command.js'
import { at } from '../../../daemon-client.js'

export default command({
  usage: 'ID',
  summary: 'give up what osctld is doing; it is undone',
  async run([id], _options, session) {
    await session.daemon.ask(at`DELETE /operations/${id}`)
  },
})
