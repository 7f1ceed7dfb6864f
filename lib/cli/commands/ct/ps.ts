// osctl ct ps

import { command } from '../../command.js'
import { Listing, listOptions, type Thing } from '../../listing.js'
import {
  PROCESS_COLUMNS,
  USUAL_OF_ALL,
  USUAL_OF_ONE,
  USUAL_OF_POOL,
} from '../../process-columns.js'
import { ProcessFilter } from '../../process-filter.js'
import { inPool } from '../../session.js'
import { tellSlow } from '../../slow.js'
import { inParts } from '../../words.js'

export default command({
  usage: '[IDS...]',
  summary: 'list processes of containers; `-` stands for those of the host',
  details:
    'Without IDS, all processes of the machine. What is read is bound to what is asked for: one container ' +
    'costs its own processes. An id that a container has not is that of the host, negated. A process that has ' +
    'ended and waits for its parent is in no container any more: it is among all.\n\n' +
    'A parameter is the name of a column, an operator and a value: `rss>100m`, `state=D`, `time>=60`, ' +
    '`command=~^nginx`. Operators are = != > < >= <=, and =~ !~ with a regular expression for text. Sizes have ' +
    'suffixes; times are in seconds, `start` since 1970.\n\n' +
    'A process that does not tell its command line within a second is listed by its name in brackets.',
  options: {
    ...listOptions,
    parameter: {
      short: 'p',
      value: 'EXPR',
      many: true,
      summary: 'only processes for which this holds; several: all of them',
    },
  },
  async run(ids, options, session) {
    const widest = new Listing(PROCESS_COLUMNS, options, USUAL_OF_ALL)
    if (widest.printsNames(session)) return
    const filters = options.parameter.map((expression) => new ProcessFilter(expression))
    const needed = [...filters.flatMap(({ fields }) => fields), ...widest.fields]
    const containers = ids.filter((id) => id !== '-').map((id) => inPool(session, id))
    const all = ids.length === 0
    const found = new Map<unknown, Thing>()
    for (const [index, some] of inParts(containers).entries()) {
      const things = await session.daemon.ask<readonly Thing[]>('GET /processes', {
        query: {
          containers: all ? null : some.join(','),
          host: all ? session.pool === null : ids.includes('-') && index === 0,
          fields: session.json
            ? null
            : [...new Set(['pool', 'container', 'pid', ...needed])].join(','),
        },
      })
      for (const thing of things) found.set(thing.pid, thing)
    }
    const told = [...found.values()]
    const things = filters.reduce<readonly Thing[]>(
      (left, filter) => filter.matching(left),
      session.pool === null
        ? told
        : told.filter(({ pool }) => (pool ?? session.pool) === session.pool),
    )
    const pools = new Set(things.map(({ pool }) => pool).filter((pool) => pool !== null))
    const usual = ids.length === 1 ? USUAL_OF_ONE : pools.size === 1 ? USUAL_OF_POOL : USUAL_OF_ALL
    new Listing(PROCESS_COLUMNS, options, usual).print(session, things)
    tellSlow(session, things)
  },
})
