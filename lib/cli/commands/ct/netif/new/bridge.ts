// osctl ct netif new bridge

import { command } from '../../../../command.js'
import { UsageError } from '../../../../errors.js'
import { setContainer } from '../../../../settings.js'

export default command({
  usage: 'ID NAME',
  summary: 'give a container a network interface on a bridge; there can be one',
  options: {
    link: { value: 'BRIDGE', summary: 'the bridge on the host' },
    hwaddr: { value: 'MAC', summary: 'default: chosen by the kernel at every start' },
  },
  async run([id, name], { link, hwaddr }, session) {
    if (link === undefined) throw new UsageError('--link is missing')
    await setContainer(session, id, { netif: { type: 'bridge', name, link, hwaddr } })
  },
})
