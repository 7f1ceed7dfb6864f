// osctl ct wall

import { text } from 'node:stream/consumers'
import { command } from '../../command.js'
import { at } from '../../daemon-client.js'
import { UsageError } from '../../errors.js'
import { inParallel } from '../../in-parallel.js'
import { printJson, type Thing } from '../../listing.js'
import { inPool, type Session } from '../../session.js'

const AT_ONCE = 8

interface Told {
  readonly container: string
  readonly error: string | null
}

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
    const told: Told[] = []
    await inParallel(containers, AT_ONCE, async (container) => {
      try {
        await session.daemon.ask(at`POST /containers/${container}/wall`, { body })
        told.push({ container, error: null })
      } catch (error) {
        told.push({ container, error: (error as Error).message })
      }
    })
    told.sort((a, b) => containers.indexOf(a.container) - containers.indexOf(b.container))
    if (session.json) printJson(session, told)
    const failed = told.filter(({ error }) => error !== null)
    if (!session.json) {
      for (const { error } of failed) process.stderr.write(`error: ${error}\n`)
    }
    session.tell(`Written to ${told.length - failed.length} of ${told.length} containers`)
    return failed.length === 0 ? 0 : 1
  },
})

async function runningOnes({ daemon, pool: only }: Session): Promise<string[]> {
  const things = await daemon.ask<readonly Thing[]>('GET /containers', {
    query: { pool: only, state: 'running', fields: 'id' },
  })
  return things.map(({ pool, id }) => `${String(pool)}:${String(id)}`)
}
