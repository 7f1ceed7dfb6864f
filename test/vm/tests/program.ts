// A program of the machine that we are on says why it has failed, and ends with us, in whatever way we end.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { until } from '../../helpers/keeper-host.js'
import { testDirectory } from '../../helpers/system.js'
import { program } from '../program.js'

t.test('what it prints, what fails, and what is not there', async (t) => {
  t.equal(await program('echo', ['-n', 'said']), 'said')
  await t.rejects(program('sh', ['-c', 'echo no >&2; exit 3']), {
    message: 'sh ended with 3: no\n',
  })
  await t.rejects(program('/nowhere', []), { message: /^\/nowhere ended with 127: / })
})

t.test('we are killed', async (t) => {
  const file = join(testDirectory(t), 'pid')
  const sleeps = 'echo $$ >"$1.part"; mv "$1.part" "$1"; exec sleep 1000'
  const script = `
    import { program } from ${JSON.stringify(import.meta.resolve('../program.js'))}
    await program('sh', ${JSON.stringify(['-c', sleeps, 'sh', file])})`
  const us = spawn(process.execPath, [...process.execArgv, '--input-type=module', '-e', script], {
    stdio: 'ignore',
  })
  const ended = once(us, 'exit')
  t.teardown(() => us.kill('SIGKILL'))
  await until(() => existsSync(file))
  const pid = readFileSync(file, 'utf8').trim()
  // That of a process which nobody has waited for yet is empty.
  const command = () => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
    } catch {
      return '' // somebody has
    }
  }
  await until(() => command().startsWith('sleep'))
  us.kill('SIGKILL')
  await ended
  await until(() => !command().startsWith('sleep'))
  t.pass('it has ended')
})
