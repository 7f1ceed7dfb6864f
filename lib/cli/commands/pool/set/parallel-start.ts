// osctl pool set parallel-start

import { command } from '../../../command.js'
import { at } from '../../../daemon-client.js'
import { numberIn } from '../../../words.js'

export default command({
  usage: 'POOL COUNT',
  summary: 'say how many containers may be started by themselves at any time',
  async run([pool, count], _options, session) {
    const body = { parallelStart: numberIn(count, 'COUNT', 1) }
    await session.daemon.ask(at`PATCH /pools/${pool}`, { body })
  },
})
