// osctl ct reinstall

import { command } from '../../command.js'
import { at } from '../../daemon-client.js'
import { imageOf, imageOptions } from '../../image-options.js'
import { inPool } from '../../session.js'

export default command({
  usage: 'ID',
  summary: 'give a container another root filesystem from an image; what is in it is lost',
  options: {
    ...imageOptions,
    'remove-snapshots': {
      short: 'r',
      summary: 'with its snapshots, which keep it from that otherwise',
    },
  },
  async run([id], options, session) {
    await session.daemon.ask(at`POST /containers/${inPool(session, id)}/reinstall`, {
      body: { image: imageOf(options), removeSnapshots: options['remove-snapshots'] },
    })
  },
})
