// osctl ct su

import { command } from '../../command.js'
import { at } from '../../daemon-client.js'
import { openLxcShell } from '../../lxc-shell.js'
import { inPool } from '../../session.js'

export default command({
  usage: 'ID',
  summary: "open a shell of this machine, in which LXC's own tools are about a container",
  details:
    'As root, whom alone the monitors of LXC answer. `lxc-info`, `lxc-attach` and so on need no -P and -n in it; what\n' +
    'belongs to osctl, such as a start, is not done by them.',
  async run([id], _options, session) {
    return openLxcShell(await session.daemon.ask(at`POST /containers/${inPool(session, id)}/lxc`))
  },
})
