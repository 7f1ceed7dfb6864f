// osctl pool autostart trigger

import { command } from '../../../command.js'
import { at } from '../../../daemon-client.js'

interface Report {
  readonly started: readonly string[]
  readonly failed: readonly { readonly id: string; readonly error: { readonly message: string } }[]
}

export default command({
  usage: 'POOL',
  summary: 'start all that is to be started by itself, even if it was already, and wait for it',
  details: 'Ends with 1 when one of them could not be started; the error of each is printed.',
  async run([pool], _options, session) {
    const { started, failed } = await session.daemon.ask<Report>(
      at`POST /pools/${pool}/autostart`,
      {
        query: { again: true },
      },
    )
    session.tell(`${started.length} started`)
    for (const { id, error } of failed) process.stderr.write(`error: ${id}: ${error.message}\n`)
    return failed.length === 0 ? 0 : 1
  },
})
