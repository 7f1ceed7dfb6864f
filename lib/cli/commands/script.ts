// osctl script

import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { command } from '../command.js'
import importFile from '../import-file.cjs'

type Script = (osctl: unknown, ...args: readonly string[]) => unknown

export default command({
  usage: 'FILE [ARGUMENTS...]',
  summary: 'run a script in JavaScript, with this connection to osctld',
  details:
    'A module whose default export is a function: it is given what asks osctld, and the arguments.\n' +
    '  export default async (daemon, id) => console.log(await daemon.ask(`GET /containers/${id}`))\n' +
    'The calls are in docs/osctld.md. What it returns, if it is a number, is the exit code.',
  passes: true,
  async run([file, ...args], _options, session) {
    const module = await importFile(pathToFileURL(resolve(file)).href)
    if (typeof module.default !== 'function') {
      throw new Error(`${file} has no default export that is a function`)
    }
    const result = await (module.default as Script)(session.daemon, ...args)
    return typeof result === 'number' ? result : 0
  },
})
