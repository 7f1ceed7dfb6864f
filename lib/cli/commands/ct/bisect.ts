// osctl ct bisect

import { abandon } from '../../../abandon.js'
import { Bisection, type SuspendAction } from '../../bisection.js'
import { command } from '../../command.js'
import { CONTAINER_COLUMNS, USUAL_CONTAINER_COLUMNS } from '../../container-columns.js'
import { containerFilters, containersMeant } from '../../container-filters.js'
import { UsageError } from '../../errors.js'
import { Listing, listOptions, printJson } from '../../listing.js'
import { Questions } from '../../questions.js'
import { inPool, referenceOf, type Session } from '../../session.js'
import { listIn } from '../../words.js'
import { askedStatistics } from '../../statistics.js'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

const { pool, user, group, distribution, version } = containerFilters

export default command({
  usage: '[IDS...]',
  summary: 'find the container that makes the trouble',
  details:
    'Halves of the containers that run are suspended, and each time it is asked whether the situation has changed. ' +
    'None is stopped that is deleted then. ' +
    'When one is left, or it is given up, also by Ctrl-C, all are resumed, but those that were not ' +
    'suspended by it. Should it be killed, `osctl ct ls -S frozen` lists what it left frozen.',
  options: {
    ...listOptions,
    ...{ pool, user, group, distribution, version },
    action: {
      short: 'a',
      value: 'ACTION',
      summary: 'how they are suspended: freeze (default) or stop',
    },
    exclude: { short: 'x', value: 'IDS', summary: 'all but these' },
  },
  async run(ids, { action = 'freeze', exclude, ...options }, session) {
    const table = new Listing(CONTAINER_COLUMNS, options, USUAL_CONTAINER_COLUMNS)
    if (table.printsNames(session)) return
    if (action !== 'freeze' && action !== 'stop') {
      throw new UsageError(`--action must be freeze or stop, not '${action}'`)
    }
    const things = await containersMeant(
      session,
      ids,
      { ...options, state: 'running' },
      askedStatistics(session, table),
    )
    const excluded = new Set((listIn(exclude) ?? []).map((id) => inPool(session, id)))
    const chosen = things.filter(
      (thing) => !excluded.has(String(thing.id)) && !excluded.has(referenceOf(thing)),
    )
    if (chosen.length === 0) throw new Error('no container that runs is meant')
    const ephemeral = action === 'stop' ? chosen.filter((thing) => thing.ephemeral === true) : []
    if (ephemeral.length > 0) {
      const names = ephemeral.map(referenceOf).join(',')
      throw new Error(`deleted when they stop: --exclude ${names}, or --action freeze`)
    }
    if (!session.json) table.print(session, chosen)
    session.tell(`\nSelected containers: ${chosen.length}\nSuspend action: ${action}\n`)
    const found = await search(chosen.map(referenceOf), action, session)
    if (session.json) printJson(session, { container: found })
    else session.print(`Container identified: ${found}\n`)
  },
})

async function search(
  containers: readonly string[],
  action: SuspendAction,
  session: Session,
): Promise<string> {
  const given = new AbortController()
  const give = () => given.abort(new Error('given up'))
  for (const signal of SIGNALS) process.on(signal, give)
  using questions = new Questions()
  const bisection = new Bisection(session, action, given.signal)
  const begin = async (): Promise<string> => {
    if (!(await abandon(questions.agrees('Continue?'), given.signal))) throw new Error('given up')
    return await bisection.search(containers, questions)
  }
  const outcome = await begin().then(
    (found) => ({ found }),
    (error: unknown) => ({ error }),
  )
  // Whatever it was: nothing is left as it is not to be.
  const left = await bisection.resumeAll()
  for (const signal of SIGNALS) process.off(signal, give)
  const cause = 'error' in outcome ? outcome.error : undefined
  if (left.length > 0) throw new Error(`still suspended: ${left.join(', ')}`, { cause })
  if ('error' in outcome) throw outcome.error
  return outcome.found
}
