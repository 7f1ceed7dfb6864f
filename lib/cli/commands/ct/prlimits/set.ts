// osctl ct prlimits set

import { command } from '../../../command.js'
import { setContainer } from '../../../settings.js'
import { numberIn } from '../../../words.js'

const value = (text: string, what: string) => (text === 'unlimited' ? text : numberIn(text, what))

export default command({
  usage: 'ID LIMIT SOFT [HARD]',
  summary: "set a limit of a container's processes: a number, or unlimited",
  details:
    'As setrlimit(2) counts them: as core cpu data fsize memlock msgqueue nice nofile nproc rss rtprio rttime\n' +
    'sigpending stack.',
  async run([id, limit, soft, hard = soft], _options, session) {
    await setContainer(session, id, {
      prlimits: { [limit]: { soft: value(soft, 'SOFT'), hard: value(hard, 'HARD') } },
    })
  },
})
