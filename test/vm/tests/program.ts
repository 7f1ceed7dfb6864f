// A program of the machine that we are on says why it has failed, and ends with us, in whatever way we end.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { until } from '../../helpers/keeper-host.js'
import { testDirectory } from '../../helpers/system.js'
import { enclosed, program } from '../program.js'

t.test('what it prints, what fails, and what is not there', async (t) => {
  t.equal(await program('echo', ['-n', 'said']), 'said')
  await t.rejects(program('sh', ['-c', 'echo no >&2; exit 3']), {
    message: 'sh ended with 3: no\n',
  })
  await t.rejects(program('/nowhere', []), { message: /^\/nowhere ended with 127: / })
})

/** Another one of us. */
function usWith(t: Test, how: 'program' | 'enclosed', ...sh: readonly string[]) {
  const script = `
    import { ${how} } from ${JSON.stringify(import.meta.resolve('../program.js'))}
    await ${how}('sh', ${JSON.stringify(['-c', ...sh])})`
  const us = spawn(process.execPath, [...process.execArgv, '--input-type=module', '-e', script], {
    stdio: 'ignore',
  })
  t.teardown(() => us.kill('SIGKILL'))
  return us
}

t.test('we are killed', async (t) => {
  const file = join(testDirectory(t), 'pid')
  const sleeps = 'echo $$ >"$1.part"; mv "$1.part" "$1"; exec sleep 1000'
  const us = usWith(t, 'program', sleeps, 'sh', file)
  const ended = once(us, 'exit')
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

const skip = process.getuid?.() !== 0 && 'not root'
t.test('what it has begun itself, when we are killed', { skip }, async (t) => {
  t.equal(await enclosed('sh', ['-c', 'echo said | cat']), 'said\n')
  await t.rejects(enclosed('sh', ['-c', 'echo no >&2; exit 3']), { message: /ended with 3: no/ })
  const file = join(testDirectory(t), 'lock')
  // Whoever has it still, by whatever number.
  const isHeld = () => spawnSync('flock', ['--nonblock', file, 'true']).status === 1
  const us = usWith(t, 'enclosed', 'flock "$1" sleep 1000 | cat', 'sh', file)
  const ended = once(us, 'exit')
  await until(isHeld)
  us.kill('SIGKILL')
  await ended
  await until(() => !isHeld())
  t.pass('it has ended')
})
