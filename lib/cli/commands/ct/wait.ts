// osctl ct wait

import { command } from '../../command.js'
import { at } from '../../daemon-client.js'
import { inPool } from '../../session.js'

export default command({
  usage: 'ID STATE...',
  summary: 'wait until a container is in one of these states; `ready`: its system is up',
  async run([id, ...states], _options, session) {
    const others = new AbortController()
    const where = at`GET /containers/${inPool(session, id)}/wait`
    try {
      await Promise.race(
        states.map((state) =>
          session.daemon.ask(where, {
            query: { for: state, timeout: 'infinity' },
            signal: others.signal,
          }),
        ),
      )
    } finally {
      others.abort()
    }
  },
})
