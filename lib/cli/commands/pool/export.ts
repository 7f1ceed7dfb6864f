// osctl pool export

import { command } from '../../command.js'
import { at } from '../../daemon-client.js'
import { RefusedError } from '../../errors.js'
import { tellBefore } from '../../messages.js'
import { DEFAULT_STOP_SECONDS } from '../../start-options.js'
import { numberIn } from '../../words.js'

export default command({
  usage: 'POOL',
  summary: 'let go of a pool; its files stay',
  options: {
    force: { short: 'f', summary: 'stop its containers, where some run' },
    'stop-containers': { short: 's', on: true, summary: 'with --force: stop them, which it needs' },
    'unregister-users': {
      short: 'u',
      on: true,
      summary: 'there are no system users: changes nothing',
    },
    message: {
      short: 'm',
      value: 'TEXT',
      summary:
        'with --force: told to who is logged in to its containers, as far as ten seconds suffice',
    },
    timeout: { short: 't', value: 'SECONDS', summary: 'kill those that take longer; default 300' },
    'if-imported': { summary: 'do nothing when it is not imported' },
    abort: { summary: 'give up an export that is under way' },
  },
  async run([pool], options, session) {
    const operation = `export-${pool}`
    if (options.abort) return session.daemon.ask(at`DELETE /operations/${operation}`)
    const stop = options.force && options['stop-containers']
    if (stop && options.message !== undefined)
      await tellBefore({ ...session, pool }, null, options.message)
    const timeout = numberIn(options.timeout ?? DEFAULT_STOP_SECONDS, '--timeout') * 1000
    try {
      await session.daemon.ask(at`POST /pools/${pool}/export`, {
        query: stop ? { stop, timeout } : {},
        operation,
      })
    } catch (error) {
      const missing = error instanceof RefusedError && error.code === 'ERR_NOT_FOUND'
      if (!options['if-imported'] || !missing) throw error
    }
  },
})
