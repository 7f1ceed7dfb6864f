// osctl ct set autostart

import { numberIn } from '../../../words.js'
import { command } from '../../../command.js'
import { setContainer } from '../../../settings.js'

export default command({
  usage: 'ID',
  summary: 'start a container by itself, when its pool is imported',
  options: {
    priority: { short: 'p', value: 'NUMBER', summary: '0 is first; default 1000' },
    delay: { short: 'd', value: 'SECONDS', summary: 'kept for vpsAdminOS: nothing waits so long' },
    after: { value: 'ID', many: true, summary: 'once this one is ready, if it starts at all' },
    requires: { value: 'ID', many: true, summary: 'once this one is ready; it is started, too' },
  },
  async run([id], { priority, delay, after, requires }, session) {
    const autostart = {
      ...(priority === undefined ? {} : { priority: numberIn(priority, '--priority') }),
      ...(delay === undefined ? {} : { delay: numberIn(delay, '--delay') }),
      after,
      requires,
    }
    await setContainer(session, id, { autostart })
  },
})
