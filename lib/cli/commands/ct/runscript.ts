// osctl ct runscript

import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { command } from '../../command.js'
import { at } from '../../daemon-client.js'
import { runProgram } from '../../program-client.js'
import { runOf, runOptions } from '../../run-options.js'
import { inPool } from '../../session.js'

export default command({
  usage: 'ID SCRIPT [ARGUMENTS...]',
  summary: 'run a script of this machine in a container; `-` is the standard input',
  options: runOptions,
  passes: true,
  async run([id, script, ...args], options, session) {
    const name = inPool(session, id)
    const how = runOf(options)
    const content = script === '-' ? await buffer(process.stdin) : await readFile(script)
    const path = `/.runscript${randomBytes(4).toString('hex')}.sh`
    await session.daemon.put(at`PUT /containers/${name}/files`, { path, mode: 0o500 }, content)
    try {
      const input = script === '-' ? Readable.from([]) : process.stdin
      const code = await runProgram(session, name, { args: [path, ...args], ...how }, input)
      if (code !== 0) process.stderr.write('error: executed command failed\n')
      return code
    } finally {
      // The container may be gone.
      await session.daemon
        .ask(at`DELETE /containers/${name}/files`, { query: { path } })
        .catch(() => undefined)
    }
  },
})
