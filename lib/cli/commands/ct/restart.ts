// osctl ct restart

import { command } from '../../command.js'
import { at } from '../../daemon-client.js'
import { tellBefore } from '../../messages.js'
import { inPool } from '../../session.js'
import { startOptions, startTimeout, stopOptions, stopQuery } from '../../start-options.js'

const { debug: _debug, ...options } = startOptions

export default command({
  usage: 'ID',
  summary: 'stop a container and start it, or tell it to reboot',
  options: {
    ...stopOptions,
    ...options,
    reboot: { short: 'r', summary: 'only tell its init, and wait until it has begun anew' },
  },
  async run([id], given, session) {
    const name = inPool(session, id)
    const query = stopQuery(given)
    const timeout = startTimeout(given)
    const background = timeout === null
    // In one: stopped alone, one that lasts for a run would be deleted.
    const restart = async () => {
      if (given.message !== undefined) await tellBefore(session, [name], given.message)
      await (given.reboot
        ? session.daemon.ask(at`POST /containers/${name}/reboot`, {
            background,
            query: { timeout },
          })
        : session.daemon.ask(at`POST /containers/${name}/restart`, {
            background,
            query: { ...query, startTimeout: timeout },
          }))
    }
    if (given.foreground) {
      const { withConsole } = await import('../../console-client.js')
      return withConsole(session, name, restart, 'when it is left')
    }
    await restart()
    if (!given.attach) return
    const { openShell } = await import('../../shell.js')
    return openShell(session, name, given['user-shell'])
  },
})
