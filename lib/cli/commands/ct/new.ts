// osctl ct new

import { command } from '../../command.js'
import { imageOf, imageOptions } from '../../image-options.js'
import { named } from '../../session.js'

export default command({
  usage: 'ID',
  summary: 'make a container from an image',
  options: {
    pool: { value: 'POOL', summary: 'where; default: the first one' },
    user: {
      value: 'NAME',
      summary: 'whose ids it has; default: one is made for it, and goes with it',
    },
    group: { value: 'PATH', summary: 'which group it is in; default /default' },
    ...imageOptions,
  },
  async run([given], options, session) {
    const { name: id, pool } = named(session, given, options.pool)
    const { user, group } = options
    const body = { id, pool, user, group, image: imageOf(options) }
    session.tell(`Making container ${id}`)
    await session.daemon.ask('POST /containers', { body })
  },
})
