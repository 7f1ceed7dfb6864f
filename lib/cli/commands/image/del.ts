// osctl image del

import { command } from '../../command.js'
import { at } from '../../daemon-client.js'

export default command({
  usage: 'ID',
  summary: 'delete an image that no container needs',
  options: { pool: { value: 'POOL', summary: 'where; default: the first one' } },
  async run([id], options, session) {
    const pool = options.pool ?? session.pool
    await session.daemon.ask(at`DELETE /images/${id}`, { query: { pool } })
  },
})
