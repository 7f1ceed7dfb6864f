// osctl ct start

import { command } from '../../command.js'
import { at } from '../../daemon-client.js'
import { inPool } from '../../session.js'
import { startContainer, startOptions, startTimeout } from '../../start-options.js'
import { numberIn } from '../../words.js'

export default command({
  usage: 'ID',
  summary: 'start a container',
  options: {
    ...startOptions,
    queue: { short: 'q', summary: 'when its turn comes, among those that start by themselves' },
    priority: { short: 'p', value: 'NUMBER', summary: 'in that queue; 0 is first, default 10' },
  },
  async run([id], options, session) {
    const name = inPool(session, id)
    const timeout = startTimeout(options)
    const { queue, priority = '10', foreground, attach } = options
    const background = timeout === null
    const start = () =>
      queue
        ? session.daemon.ask(at`POST /containers/${name}/enqueue`, {
            background,
            query: { priority: numberIn(priority, '--priority') },
          })
        : startContainer(session, name, timeout)
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
