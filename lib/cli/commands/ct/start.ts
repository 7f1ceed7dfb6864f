// osctl ct start

import { command } from '../../command.js'
import { at } from '../../daemon-client.js'
import { inPool } from '../../session.js'
import { startContainer, startOptions, startTimeout } from '../../start-options.js'
import { numberIn } from '../../words.js'

/** Of Node.js: 24 days. */
const MAX_TIMER_MS = 2 ** 31 - 1

export default command({
  usage: 'ID',
  summary: 'start a container',
  options: {
    ...startOptions,
    queue: {
      short: 'q',
      summary:
        'when its turn comes, among those that start by themselves; without --wait, however long that takes',
    },
    priority: { short: 'p', value: 'NUMBER', summary: 'in that queue; 0 is first, default 10' },
  },
  async run([id], options, session) {
    const name = inPool(session, id)
    const timeout = startTimeout(options)
    const { queue, priority = '10', foreground, attach } = options
    const background = timeout === null
    const enqueue = async () => {
      // How long the others take nobody knows: unless it is said, it is waited for.
      const late =
        typeof timeout === 'number' && options.wait !== undefined
          ? { signal: AbortSignal.timeout(Math.min(Math.ceil(timeout), MAX_TIMER_MS)) }
          : {}
      try {
        await session.daemon.ask(at`POST /containers/${name}/enqueue`, {
          background,
          query: { priority: numberIn(priority, '--priority') },
          ...late,
        })
      } catch (cause) {
        if (late.signal?.aborted !== true) throw cause
        const given = `${options.wait} seconds`
        throw new Error(`its turn did not come within ${given}: it is given up`, { cause })
      }
    }
    const start = () => (queue ? enqueue() : startContainer(session, name, timeout))
    session.tell(`Starting container ${id}`)
    if (foreground) {
      const { withConsole } = await import('../../console-client.js')
      return withConsole(session, name, start, 'when it is left')
    }
    await start()
    if (!attach) return
    const { openShell } = await import('../../shell.js')
    return openShell(session, name, options['user-shell'])
  },
})
