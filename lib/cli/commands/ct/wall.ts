// osctl ct wall

import { text } from 'node:stream/consumers'
import { command } from '../../command.js'
import { UsageError } from '../../errors.js'
import { printJson } from '../../listing.js'
import { runningOnes, tellUsers } from '../../messages.js'
import { inPool } from '../../session.js'

export default command({
  usage: '[IDS...]',
  summary: 'write a message to those who are logged in to containers that run',
  details:
    'Without IDS, to all that run. The message is read from input when it is not given. It is written by wall(1) ' +
    'in the container, which knows who is logged in; a container that has none is told of, and it ends with 1.',
  options: {
    message: { short: 'm', value: 'TEXT', summary: 'the message' },
    'hide-banner': { short: 'n', summary: 'do not say which machine it comes from' },
  },
  async run(ids, { message, 'hide-banner': hidden }, session) {
    const body = { message: message ?? (await text(process.stdin)).trim(), banner: !hidden }
    if (body.message === '') throw new UsageError('there is no message')
    const containers =
      ids.length > 0 ? ids.map((id) => inPool(session, id)) : await runningOnes(session)
    const told = await tellUsers(session, containers, body)
    if (session.json) printJson(session, told)
    const failed = told.filter(({ error }) => error !== null)
    if (!session.json) {
      for (const { error } of failed) process.stderr.write(`error: ${error}\n`)
    }
    session.tell(`Written to ${told.length - failed.length} of ${told.length} containers`)
    return failed.length === 0 ? 0 : 1
  },
})
