// osctl ct pid

import { text } from 'node:stream/consumers'
import { command } from '../../command.js'
import { UsageError } from '../../errors.js'
import { headerOption, Listing, plain, type Column, type Thing } from '../../listing.js'
import { HOST } from '../../process-columns.js'

const COLUMNS: readonly Column[] = [
  ...plain('pid'),
  {
    name: 'container',
    needs: ['pool', 'container'],
    of: ({ pool, container }) =>
      typeof container === 'string' ? `${String(pool)}:${container}` : HOST,
  },
  { name: 'ctpid', of: 'containerPid' },
  ...plain('name'),
]

/** What goes into the head of one request. */
const AT_ONCE = 1000

export default command({
  usage: 'PIDS...',
  summary: 'tell which containers processes are in; `-` reads their numbers from input',
  details: 'A process of the host is in `[host]`. It ends with 1 when there is none of a number.',
  options: headerOption,
  async run(words, options, session) {
    const listing = new Listing(COLUMNS, options)
    const pids = words.includes('-') ? [...words, ...(await numbersOfInput())] : words
    const wanted = pids.filter((word) => word !== '-').map(pidIn)
    const found: Thing[] = []
    const missing: number[] = []
    for (let at = 0; at < wanted.length; at += AT_ONCE) {
      const some = wanted.slice(at, at + AT_ONCE)
      const told = await session.daemon.ask<readonly (Thing | null)[]>('GET /processes/whose', {
        query: { pids: some.join(',') },
      })
      for (const [index, thing] of told.entries()) {
        if (thing !== null) found.push(thing)
        else missing.push(some[index] ?? 0)
      }
    }
    listing.print(session, found)
    if (missing.length === 0) return
    process.stderr.write(`error: no process has the number ${missing.join(', ')}\n`)
    return 1
  },
})

async function numbersOfInput(): Promise<string[]> {
  return (await text(process.stdin)).split(/\s+/).filter((word) => word !== '')
}

function pidIn(word: string): number {
  const pid = Number(word)
  if (/^\d{1,10}$/.test(word) && pid > 0 && pid < 2 ** 31) return pid
  throw new UsageError(`'${word}' is no number of a process`)
}
