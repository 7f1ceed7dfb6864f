// osctl ct dataset set

import { command } from '../../../command.js'
import { at } from '../../../daemon-client.js'
import { propertiesIn } from '../../../dataset-properties.js'
import { inPool } from '../../../session.js'

export default command({
  usage: 'ID NAME PROPERTY=VALUE...',
  summary: 'change a dataset of a container; `/` is its own',
  details:
    'quota, refquota, reservation, refreservation, compression, recordsize, atime, relatime, sync; `none` and\n' +
    '`inherit` go back to what is inherited. delegated=on has root in the container manage it, with at most\n' +
    'filesystem_limit datasets and snapshot_limit snapshots below it.',
  async run([id, name, ...properties], _options, session) {
    await session.daemon.ask(at`PATCH /containers/${inPool(session, id)}/datasets/${name}`, {
      body: propertiesIn(properties),
    })
  },
})
