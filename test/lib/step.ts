// Faults at named steps: a kill and a failure from the environment, and giving up from a test.
import { spawnSync } from 'node:child_process'
import t from 'tap'
import { arm, done, faultOf } from '../../lib/step.js'
import { moduleOf } from '../helpers/child.js'

await t.test('the environment says what is to happen where', async (t) => {
  t.equal(faultOf(undefined), null)
  t.equal(faultOf(''), null)
  t.same(faultOf('kill:create.staged'), { how: 'kill', step: 'create.staged' })
  t.same(faultOf('fail:set.file'), { how: 'fail', step: 'set.file' })
})

await t.test('a process whose environment says so is killed there', async (t) => {
  const script = `const { done } = await import(${moduleOf('step.js')}); done('set.file')`
  const ended = (fault: string) =>
    spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      env: { VPSADMINOS_FAULT: fault },
    })
  t.match(ended('kill:set.file'), { signal: 'SIGKILL' })
  t.match(ended('kill:create.staged'), { status: 0, signal: null })
})

await t.test('what would never happen is refused', async (t) => {
  const wrong = { code: 'ERR_INVALID_ARGUMENT', argument: 'VPSADMINOS_FAULT' }
  const unknown = { ...wrong, reason: 'there is no such step; see lib/step.ts' }
  for (const step of ['create.stagd', 'toString', ''])
    t.throws(() => faultOf(`kill:${step}`), unknown)
  const shape = { ...wrong, reason: 'must be kill:STEP or fail:STEP' }
  // A signal is given by who calls the operation.
  for (const text of ['abort:set.file', 'set.file', 'kill', 'fail:set.file:2']) {
    t.throws(() => faultOf(text), shape, text)
  }
  t.notMatch(String(t.throws(() => faultOf('kill:hunter2'))), 'hunter2', 'and not repeated')
})

await t.test('a fault happens at its step, once', async (t) => {
  arm({ how: 'fail', step: 'set.file' })
  done('set.limits')
  t.throws(() => done('set.file'), { code: 'ERR_FAULT', step: 'set.file' })
  done('set.file')
})

await t.test('an operation is given up where it still can be', async (t) => {
  for (const stoppable of [true, false]) {
    const controller = new AbortController()
    arm({ how: 'abort', step: 'set.limits', controller })
    const step = () => done('set.limits', stoppable ? controller.signal : undefined)
    if (stoppable) t.throws(step, { name: 'AbortError' })
    else t.doesNotThrow(step)
    t.ok(controller.signal.aborted)
  }
})
