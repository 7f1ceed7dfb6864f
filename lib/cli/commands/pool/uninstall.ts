// osctl pool uninstall

import { command } from '../../command.js'

export default command({
  usage: 'POOL',
  summary: 'have a dataset of ZFS be a pool no more; what is in it stays',
  options: { dataset: { value: 'DATASET', summary: 'default: the zpool of that name' } },
  async run([name], { dataset }, session) {
    await session.daemon.ask('POST /pools/uninstall', { body: { name, driver: 'zfs', dataset } })
  },
})
