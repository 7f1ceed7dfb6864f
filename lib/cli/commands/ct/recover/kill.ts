// osctl ct recover kill

import { command } from '../../../command.js'
import { at } from '../../../daemon-client.js'
import { Listing, printJson, type Thing } from '../../../listing.js'
import { PROCESS_COLUMNS, USUAL_OF_ONE } from '../../../process-columns.js'
import { Questions } from '../../../questions.js'
import { inPool } from '../../../session.js'
import { tellSlow } from '../../../slow.js'

/** What goes into one request. */
const AT_ONCE = 5000

export default command({
  usage: 'ID [SIGNAL]',
  summary: 'send a signal to all processes of a container, KILL when none is named',
  details:
    'They are listed first, and it is asked whether they are meant. Those that are begun afterwards are not: ' +
    'see that none is left, or run `osctl ct stop --kill`. What is frozen may end only when it is thawed.',
  async run([id, named = 'KILL'], _options, session) {
    const container = inPool(session, id)
    const signal = /^(\d+$|SIG)/i.test(named) ? named.toUpperCase() : `SIG${named.toUpperCase()}`
    const things = await session.daemon.ask<readonly Thing[]>('GET /processes', {
      query: { containers: container },
    })
    if (things.length === 0) {
      if (session.json) printJson(session, [])
      session.tell(`There are no processes in container ${id}`)
      return
    }
    const listing = new Listing(PROCESS_COLUMNS, {}, USUAL_OF_ONE)
    // What a script reads is what has become of them.
    listing.print({ ...session, json: false, ...(session.json ? toStderr : {}) }, things)
    tellSlow(session, things)
    using questions = new Questions()
    if (!(await questions.agrees(`Send ${signal} to these ${things.length} processes?`))) {
      throw new Error('nothing was sent')
    }
    const sent: number[] = []
    for (let from = 0; from < things.length; from += AT_ONCE) {
      const some = things.slice(from, from + AT_ONCE)
      const body = some.map(({ pid, startTicks }) => ({ pid, startTicks }))
      const where = at`POST /containers/${container}/processes/signal`
      sent.push(
        ...(await session.daemon.ask<readonly number[]>(where, { query: { signal }, body })),
      )
    }
    if (session.json) printJson(session, sent)
    session.tell(`Sent ${signal} to ${sent.length} processes`)
  },
})

const toStderr = { print: (text: string) => void process.stderr.write(text) }
