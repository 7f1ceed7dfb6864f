// The list of commands is what the commands are.
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import t from 'tap'

const run = promisify(execFile)

await t.resolves(run(process.execPath, ['scripts/commands.js', '--check']))
