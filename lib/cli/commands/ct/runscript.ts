// osctl ct runscript

import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { command } from '../../command.js'
import { at } from '../../daemon-client.js'
import { runProgram } from '../../program-client.js'
import { runOf, runOptions } from '../../run-options.js'
import { UsageError } from '../../errors.js'
import { inPool } from '../../session.js'

const ELF = Buffer.from('\x7fELF')

/** As a shell would do it; the kernel runs only what says how it is run. @throws UsageError */
function interpreterOf(content: Buffer): readonly string[] {
  if (content.subarray(0, 4).equals(ELF)) return []
  const end = content.indexOf('\n')
  const first = content.toString('latin1', 0, end === -1 ? undefined : end)
  if (!first.startsWith('#!')) return ['/bin/sh']
  if (first.endsWith('\r'))
    throw new UsageError('the lines of the script end as on Windows: its interpreter is not found')
  return []
}

export default command({
  usage: 'ID SCRIPT [ARGUMENTS...]',
  summary: 'run a script of this machine in a container; `-` is the standard input',
  details: 'One whose first line does not name its interpreter is run by /bin/sh.',
  options: runOptions,
  passes: true,
  // What a script is given is not for a history.
  secretFrom: 2,
  async run([id, script, ...args], options, session) {
    const name = inPool(session, id)
    const how = runOf(options)
    const content = script === '-' ? await buffer(process.stdin) : await readFile(script)
    const interpreter = interpreterOf(content)
    const path = `/.runscript${randomBytes(4).toString('hex')}.sh`
    await session.daemon.put(at`PUT /containers/${name}/files`, { path, mode: 0o500 }, content)
    try {
      const input = script === '-' ? Readable.from([]) : process.stdin
      const code = await runProgram(
        session,
        name,
        { args: [...interpreter, path, ...args], ...how },
        input,
      )
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
