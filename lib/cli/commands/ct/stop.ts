// osctl ct stop

import { command } from '../../command.js'
import { at } from '../../daemon-client.js'
import { tellBefore } from '../../messages.js'
import { inPool } from '../../session.js'
import { stopOptions, stopQuery } from '../../start-options.js'

export default command({
  usage: 'ID',
  summary: 'have a container shut down, and kill it when that takes too long',
  options: { ...stopOptions, foreground: { short: 'F', summary: 'open its console meanwhile' } },
  async run([id], options, session) {
    const name = inPool(session, id)
    const query = stopQuery(options)
    session.tell(`Stopping container ${id}`)
    const stop = async () => {
      if (options.message !== undefined) await tellBefore(session, [name], options.message)
      await session.daemon.ask(at`POST /containers/${name}/stop`, { query })
    }
    if (!options.foreground) return stop()
    const { withConsole } = await import('../../console-client.js')
    return withConsole(session, name, stop, 'when it is done')
  },
})
