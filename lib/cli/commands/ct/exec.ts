// osctl ct exec

import { command } from '../../command.js'
import { runProgram } from '../../program-client.js'
import { runOf, runOptions } from '../../run-options.js'
import { inPool } from '../../session.js'

export default command({
  usage: 'ID COMMAND...',
  summary: 'run a program in a container, and end as it does',
  details:
    'As with a shell it ends with 127 when there is no such program, and with 126 when it cannot be run.',
  options: runOptions,
  passes: true,
  async run([id, ...words], options, session) {
    // Scripts are used to it, and no program is called so.
    const args = words[0] === '--' ? words.slice(1) : words
    const code = await runProgram(session, inPool(session, id), { args, ...runOf(options) })
    if (code !== 0) process.stderr.write('error: executed command failed\n')
    return code
  },
})
