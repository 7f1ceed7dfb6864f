// osctl ct set pids-limit

import { numberIn } from '../../../words.js'
import { command } from '../../../command.js'
import { setContainer } from '../../../settings.js'

export default command({
  usage: 'ID COUNT',
  summary: 'limit the number of its processes and threads, at once',
  run: ([id, count], _options, session) =>
    setContainer(session, id, { pidsLimit: numberIn(count, 'COUNT', 1) }),
})
