// osctl ct exec

import { command } from '../../command.js'
import { runProgram } from '../../program-client.js'
import { inPool } from '../../session.js'

export default command({
  usage: 'ID COMMAND...',
  summary: 'run a program in a container that runs, and end as it does',
  passes: true,
  async run([id, ...args], _options, session) {
    const code = await runProgram(session, inPool(session, id), { args })
    if (code !== 0) process.stderr.write('error: executed command failed\n')
    return code
  },
})
