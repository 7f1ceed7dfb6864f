// osctl trash-bin dataset add

import { command } from '../../../command.js'
import { printJson } from '../../../listing.js'

export default command({
  usage: 'DATASET',
  summary:
    'put a dataset of ZFS that nobody needs into the trash of its pool, with all that is below it',
  details: 'What is of a container, is mounted, or belongs to the pool itself is refused.',
  async run([dataset], _options, session) {
    const answer = await session.daemon.ask<{ dataset: string }>('POST /trash', {
      query: { dataset },
    })
    if (session.json) printJson(session, answer)
    else session.tell(`It is ${answer.dataset} now`)
  },
})
