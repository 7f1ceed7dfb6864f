// osctl ct cp

import { command } from '../../command.js'
import { at } from '../../daemon-client.js'
import { inPool, named } from '../../session.js'

export default command({
  usage: 'ID NEWID',
  summary: 'make a container that is as another one',
  options: {
    consistent: { on: true, summary: 'stop one that runs for the moment' },
    pool: { value: 'POOL', summary: 'where; default: the same' },
    user: { value: 'NAME', summary: 'whose ids it has; default: one is made for it' },
    group: { value: 'PATH', summary: 'default: that of the same path' },
    'network-interfaces': { on: true, summary: 'with its network interfaces' },
  },
  async run([id, target], options, session) {
    const { consistent, user, group, 'network-interfaces': networkInterfaces } = options
    const { name, pool } = named({ ...session, pool: null }, target, options.pool)
    session.tell(`Copying container ${id} to ${target}`)
    await session.daemon.ask(at`POST /containers/${inPool(session, id)}/copy`, {
      query: { id: name },
      body: { pool, user, group, consistent, networkInterfaces },
    })
  },
})
