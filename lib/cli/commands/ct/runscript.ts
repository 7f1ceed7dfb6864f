// osctl ct runscript

import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { command } from '../../command.js'
import { at } from '../../daemon-client.js'
import { runProgram } from '../../program-client.js'
import { inPool } from '../../session.js'

export default command({
  usage: 'ID SCRIPT [ARGUMENTS...]',
  summary: 'run a script of this machine in a container; `-` is the standard input',
  passes: true,
  async run([id, script, ...args], _options, session) {
    const name = inPool(session, id)
    const content = script === '-' ? await buffer(process.stdin) : await readFile(script)
    const path = `/.runscript${randomBytes(4).toString('hex')}.sh`
    await session.daemon.put(at`PUT /containers/${name}/files`, { path, mode: 0o500 }, content)
    try {
      const input = script === '-' ? Readable.from([]) : process.stdin
      const code = await runProgram(session, name, { args: [path, ...args] }, input)
      if (code !== 0) process.stderr.write('error: executed command failed\n')
      return code
    } finally {
      // It may have stopped, or removed it itself.
      const args = ['/bin/rm', '-f', path]
      await session.daemon
        .ask(at`POST /containers/${name}/exec`, { body: { args } })
        .catch(() => undefined)
    }
  },
})
