// What is known of a run that somebody else has begun.
import t from 'tap'
import { RunState } from '../../../dist/container/state.js'

const known = { pool: 'tank', id: 'web', ready: false, once: false, program: false }
const told = { pool: 'tank', id: 'web', epoch: 'e', seq: 1, time: 0 }

t.test('one that still starts has no init, and becomes one run', async (t) => {
  const run = new RunState(new AbortController().signal)
  run.adopt({ ...known, state: 'starting', initPid: null })
  t.match(run, { state: 'starting', alive: true, initPid: null, runs: 0 })
  t.ok(run.apply({ ...told, type: 'state', state: 'running', initPid: 7 }), 'a new run')
  t.match(run, { state: 'running', initPid: 7, runs: 1 })
})

t.test('one whose init is seen later than it runs is one run', async (t) => {
  const run = new RunState(new AbortController().signal)
  const running = { ...told, type: 'state', state: 'running' } as const
  run.apply({ ...told, type: 'state', state: 'starting', initPid: null })
  t.ok(run.apply({ ...running, initPid: null }), 'a new run')
  t.match(run, { state: 'running', initPid: null, runs: 1 })
  t.notOk(run.apply({ ...running, initPid: 7 }), 'the same run')
  t.match(run, { state: 'running', initPid: 7, runs: 1 })
  t.ok(run.apply({ ...running, initPid: 8 }), 'another one, after a reboot')
  t.equal(run.runs, 2)
})

t.test('one that runs is known by its init', async (t) => {
  const run = new RunState(new AbortController().signal)
  run.adopt({ ...known, state: 'stopping', initPid: 7, ready: true })
  t.match(run, { state: 'stopping', initPid: 7, ready: { status: '' }, runs: 1 })
  t.notOk(run.apply({ ...told, type: 'state', state: 'running', initPid: 7 }), 'the same run')
  t.equal(run.runs, 1)
})
