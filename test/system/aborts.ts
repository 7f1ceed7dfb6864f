// Every operation is given up: before it has begun, and after each of its steps. It says so and has left
// nothing, or it goes on and is wholly done; it holds nothing any more, and can be done again.
import { existsSync } from 'node:fs'
import { Host, type OperationOptions } from 'vpsadminos'
import { arm, steps as allSteps, type Step } from '../../dist/step.js'
import { differences, stateOf } from '../helpers/host-state.js'
import {
  begin,
  operationsHost,
  testedOperations,
  zfsOperations,
  type Operation,
} from '../helpers/operations.js'
import { requires } from '../helpers/requires.js'
import { onZfs } from '../helpers/storage.js'
import { upTo } from '../helpers/time.js'

const t = requires('root', 'userns', 'liblxc', 'cgroup', 'busybox', 'tar')
const { options, place } = await operationsHost(t)
let host = await Host.open(options)
t.teardown(() => {
  arm(null)
  return host.close()
})
await begin(host, options, place)
await host.close()
host = await Host.open(options)
const beginning = await stateOf(host, place)

/** Longer than any of them takes on a slow machine. */
const BOUND_MS = upTo(30_000)

type Run = (given: OperationOptions) => Promise<unknown>

/** Runs it, to be given up after a step. Null: it went on. */
async function givenUp(run: Run, step: Step): Promise<unknown> {
  const controller = new AbortController()
  arm({ how: 'abort', step, controller })
  const began = performance.now()
  const error = await run({ signal: controller.signal }).then(
    () => null,
    (reason: unknown) => reason,
  )
  arm(null)
  t.ok(controller.signal.aborted, `it comes by ${step}`)
  if (error !== null) t.equal(error, controller.signal.reason, `${step}: rejects with the reason`)
  t.ok(performance.now() - began < BOUND_MS, `${step}: in bounded time`)
  return error
}

const live = () => host.containers.get('live')

/** Imported by its preparation: the import is another operation. */
const prepared = testedOperations.map((operation): Operation =>
  operation.name === 'export a pool'
    ? {
        ...operation,
        prepare: (host) => host.pools.import({ name: 'other', path: place.other }),
      }
    : operation,
)

const walked = new Set<Step>()
const outcomes = { undone: 0, done: 0 }
for (const { name, steps, prepare, run, restore } of prepared) {
  await t.test(name, async (t) => {
    await prepare?.(host, place)
    const before = await stateOf(host, place)
    const reason = new Error('given up before')
    await t.rejects(run(host, place, { signal: AbortSignal.abort(reason) }), reason)
    t.same(differences(before, await stateOf(host, place)), [], 'nothing was changed')
    await run(host, place)
    const after = await stateOf(host, place)
    await restore(host, place)
    for (const step of steps) {
      walked.add(step)
      await prepare?.(host, place)
      const error = await givenUp((given) => run(host, place, given), step)
      const found = await stateOf(host, place)
      outcomes[error === null ? 'done' : 'undone']++
      if (error === null) t.same(differences(after, found), [], `${step}: wholly done`)
      else t.same(differences(before, found), [], `${step}: wholly undone`)
      if (error !== null) t.equal(existsSync(place.third), false, 'no half of a pool')
      t.same(host.locks(), [], `${step}: nothing is held`)
      t.same((await host.audit()).leftovers, [], `${step}: nothing is left over`)
      if (error !== null) {
        await run(host, place)
        t.same(differences(after, await stateOf(host, place)), [], `${step}: and done again`)
      }
      await restore(host, place)
      t.same(differences(beginning, await stateOf(host, place)), [], `${step}: and taken back`)
    }
  })
}
// Those are walked where there is ZFS.
if (!onZfs) for (const step of zfsOperations.flatMap(({ steps }) => steps)) walked.add(step)
t.same(
  (Object.keys(allSteps) as Step[]).filter((step) => !walked.has(step)),
  [],
  'all steps were walked',
)
t.comment(`given up: ${outcomes.undone} undone, ${outcomes.done} gone on`)
t.ok(outcomes.undone > 15, 'most can be given up in their middle')

await t.test('a host is opened', async (t) => {
  for (const step of ['import.locked', 'import.read', 'import.tidied', 'import.active'] as const) {
    await host.close()
    const error = await givenUp(async (given) => {
      host = await Host.open(options, given)
    }, step)
    t.not(error, null, 'an opened host that nobody wants would stay open')
    host = await Host.open(options)
    t.same(differences(beginning, await stateOf(host, place)), [])
    t.equal(live().state, 'running')
  }
})

await t.test('a host is made for a moment', async (t) => {
  for (const step of [
    'install.layout',
    'install.marker',
    'import.read',
    'import.active',
  ] as const) {
    const error = await givenUp((given) => Host.temporary({}, given), step)
    t.not(error, null)
  }
  const temporary = await Host.temporary()
  await t.rejects(temporary.close({ signal: AbortSignal.abort() }), { name: 'AbortError' })
  t.same((await temporary.audit()).leftovers, [], 'it is open all the same')
  await temporary.close()
})

await t.test('everything else: given up before, it does nothing', async (t) => {
  const base = host.containers.get('base')
  const range = host.idRanges.get('default')
  const reason = new Error('not any more')
  const given = { signal: AbortSignal.abort(reason) }
  const calls: Record<string, Run> = {
    'ct.reboot': () => live().reboot(given),
    'ct.kill': () => live().kill('SIGKILL', given),
    'ct.freeze': () => live().freeze(given),
    'ct.thaw': () => live().thaw(given),
    'ct.wait': () => live().wait('running', given),
    'ct.exec': () => live().exec(['touch', '/here'], given),
    'ct.spawn': () => live().spawn(['touch', '/here'], given),
    'ct.sessions': () => live().sessions(given),
    'ct.session': () => live().session(1, given),
    'ct.push': () => base.push('/here', 'text', given),
    'ct.pull': () => base.pull('/etc/hostname', given),
    'ct.unset': () => base.unset('memoryLimit', given),
    'ct.stats': () => live().stats(given),
    'containers.stats': () => host.containers.stats(undefined, given),
    'group.stats': () => host.groups.get('/').stats(given),
    'range.allocate': () => range.allocate({}, given),
    'range.free': () => range.free({ blockIndex: 0 }, given),
    'user.setStandalone': () => host.users.get('base').setStandalone(true, given),
    'host.audit': () => host.audit(given),
    'host.close': () => host.close(given),
    'host.events': async () => host.events(given),
    'Host.open': () => Host.open({ stateDir: `${place.third}/state` }, given),
    'Host.temporary': () => Host.temporary({}, given),
  }
  for (const [name, call] of Object.entries(calls)) {
    await t.rejects(call({}), reason, name)
    t.same(host.locks(), [], `${name}: nothing is held`)
  }
  t.same(differences(beginning, await stateOf(host, place)), [])
  t.same((await host.audit()).leftovers, [])
})

await t.test('ids are taken or not, wherever it is given up', async (t) => {
  const range = host.idRanges.get('default')
  const allocated = range.show().allocated
  for (const step of ['id-range.reserved', 'id-range.allocated'] as const) {
    t.equal(await givenUp((given) => range.allocate({ owner: 'me' }, given), step), null)
    t.equal(range.show().allocated, allocated + 1, 'it was written')
    const freeing = (given: OperationOptions) => range.free({ owner: 'me' }, given)
    t.equal(await givenUp(freeing, 'id-range.freed'), null)
    t.equal(range.show().allocated, allocated)
  }
  // Many are written together; one of them is not wanted any more.
  const controller = new AbortController()
  const first = range.allocate({ owner: 'me' })
  const gone = range.allocate({ owner: 'me' }, { signal: controller.signal })
  const last = range.allocate({ owner: 'me' })
  controller.abort()
  await t.rejects(gone, { name: 'AbortError' })
  await Promise.all([first, last])
  t.equal(range.show().allocated, allocated + 2, 'the others are there')
  await range.free({ owner: 'me' })
  t.same(host.locks(), [])
})
