// osctl healthcheck

import { command } from '../command.js'
import { inCommands } from '../errors.js'
import { configuredPools } from '../configured-pools.js'
import { Listing, listOptions, plain, type Thing } from '../listing.js'
import { quoted } from '../../quoted.js'

const mend = ({ mend }: Thing) => (typeof mend === 'string' ? inCommands(mend) : mend)
const COLUMNS = [
  ...plain('of', 'type', 'what', 'error'),
  { name: 'mend', needs: ['mend'], of: mend },
]

export default command({
  usage: '[POOLS...]',
  summary: 'find what is missing or left over, and the command that mends it',
  details: 'Ends with 1 when anything is wrong.',
  options: {
    ...listOptions,
    all: { short: 'a', summary: 'of all pools, with all that is in them' },
  },
  async run(pools, options, session) {
    const listing = new Listing(COLUMNS, options)
    if (listing.printsNames(session)) return
    const { all } = options
    const isMeant = (pool: string) => pools.length === 0 || pools.includes(pool)
    const found = await session.daemon.ask<readonly Thing[]>('GET /host/health', {
      query: { all: all || null, pools: pools.length === 0 ? null : pools.join(',') },
    })
    const configured = await configuredPools(session)
    const failed = configured
      .filter(({ state, options: { name } }) => state === 'failed' && isMeant(name))
      .map(({ options: { name }, error }) => ({
        ...{ of: `pool ${name}`, type: 'pool', what: name },
        ...{ error: error?.message, mend: `osctl pool import ${quoted(name)}` },
      }))
    const problems = [...found, ...failed]
    if (problems.length > 0 || session.json) listing.print(session, problems)
    else session.tell('No problems found')
    return problems.length === 0 ? 0 : 1
  },
})
