// osctl id-range free

import { command } from '../../command.js'
import { at } from '../../daemon-client.js'
import { UsageError } from '../../errors.js'
import { inPool } from '../../session.js'
import { numberIn } from '../../words.js'

export default command({
  usage: 'NAME',
  summary: 'give blocks of it back',
  options: {
    'block-index': { value: 'INDEX', summary: 'those that begin there' },
    owner: { value: 'NAME', summary: 'all that are theirs' },
  },
  async run([name], { 'block-index': index, owner }, session) {
    if ((index === undefined) === (owner === undefined)) {
      throw new UsageError('say either --block-index or --owner')
    }
    const body = index === undefined ? { owner } : { blockIndex: numberIn(index, '--block-index') }
    await session.daemon.ask(at`POST /id-ranges/${inPool(session, name)}/free`, { body })
  },
})
