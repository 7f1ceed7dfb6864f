// osctl ping

import { setTimeout as sleep } from 'node:timers/promises'
import { command } from '../command.js'
import { NoDaemonError } from '../errors.js'
import { numberIn } from '../words.js'

const AGAIN_MS = 200
/** One that does not answer as soon does not. */
const ANSWER_MS = 5000

export default command({
  usage: '[SECONDS]',
  summary: 'find out whether osctld answers: at once, within so many seconds, or 0: ever',
  details:
    'Ends with 0 when it does; 2 when it cannot be reached, 3 when it answers something else or nothing, 1 otherwise.',
  async run([seconds], _options, session) {
    const limit = seconds === undefined ? 0 : numberIn(seconds, 'SECONDS') * 1000 || Infinity
    const since = Date.now()
    for (;;) {
      try {
        const left = limit === 0 ? ANSWER_MS : since + limit - Date.now()
        const signal = AbortSignal.timeout(Math.ceil(Math.max(Math.min(left, ANSWER_MS), AGAIN_MS)))
        const { pong } = await session.daemon.ask<{ pong?: unknown }>('GET /ping', { signal })
        if (pong !== true) return 3
        session.print('pong\n')
        return 0
      } catch (error) {
        const unreachable = error instanceof NoDaemonError
        if (Date.now() - since >= limit) {
          process.stderr.write(`error: ${(error as Error).message}\n`)
          return unreachable ? 2 : 3
        }
        await sleep(AGAIN_MS)
      }
    }
  },
})
