// osctl ct set raw lxc

import { text } from 'node:stream/consumers'
import { command } from '../../../../command.js'
import { setContainer } from '../../../../settings.js'

export default command({
  usage: 'ID',
  summary: 'append lines of the standard input to the configuration of LXC',
  details: 'Those that run programs on the host, or weaken what confines it, are refused.',
  async run([id], _options, session) {
    await setContainer(session, id, { rawLxc: await text(process.stdin) })
  },
})
