// Walks the keeper's steps: whoever comes by each of them is killed, or the keeper, or the process that embeds
// the engine, and each that can fail fails. What was under way is wholly done or not at all then, nothing is
// left of it, and it can be done.
import type { Test } from 'tap'
import { Host } from 'vpsadminos'
import { endOf, moduleOf } from './child.js'
import { differences, stateOf } from './host-state.js'
import { until } from './keeper-host.js'
import { keeperOperations, type KeeperOperation } from './keeper-operations.js'
import { forgetSessions, keeperState, steadyState, settled } from './keeper-state.js'
import { armKeeper, keeperSteps, type KeeperFault } from './keeper-steps.js'
import { begin, operationsHost, type Place } from './operations.js'
import type { LastingHost } from './system.js'
import { upTo } from './time.js'

export interface KeeperPlace {
  readonly options: LastingHost
  readonly place: Place
}

/** A host with containers, one of which runs, and files in them that pushes replace. */
export async function keeperPlace(t: Test): Promise<KeeperPlace> {
  const { options, place } = await operationsHost(t)
  const host = await Host.open(options)
  await begin(host, options, place)
  for (const id of ['base', 'live']) await host.containers.get(id).push('/root/pushed', 'other')
  await host.close()
  return { options, place }
}

/** The keeper, two children that wait for a job, and one that has carried streams. */
const READY = 4
const isReady = (line: string): boolean => line === 'keeper or its child'

/** All of it but the directory that overlay makes for itself. */
export async function wholeState(host: Host, place: Place): Promise<string[]> {
  await settled(host)
  return (await stateOf(host, place)).filter((line) => !line.includes('/work/work '))
}

/** @param names of operations */
export async function walkKeeper(t: Test, ...names: string[]): Promise<void> {
  const { options, place } = await keeperPlace(t)
  let host = await Host.open(options)
  t.teardown(() => host.close())
  const whole = (): Promise<string[]> => wholeState(host, place)
  const beginning = await whole()
  await host.containers.get('live').exec(['true'])
  await until(async () => (await keeperState(host)).filter(isReady).length === READY)
  const holds = await steadyState(host)
  const walked = new Set<string>()
  const wanted = keeperOperations.filter(({ name }) => names.includes(name))
  t.equal(wanted.length, names.length)

  for (const operation of wanted) {
    const { name, steps, prepare, run, restore, ends = false, goesOnAtOpen = false } = operation
    await t.test(name, async (t) => {
      // The cgroup of a program that has ended is removed a moment later.
      await until(async () => differences(beginning, await whole()).length === 0)
      await prepare?.(host)
      const before = await whole()
      await run(host)
      const after = await whole()
      await restore(host)
      t.same(differences(beginning, await whole()), [], 'taken back')

      for (const step of steps) {
        for (const way of waysOf(step)) {
          const what = `${step}: ${way}`
          await prepare?.(host)
          const keeper = await host.keeperPid()
          if (way === 'the client is killed') {
            await host.close()
            const end = await otherProcess(options, operation, step)
            if (t.equal(end, 'SIGKILL', what)) walked.add(step)
            host = await Host.open(options)
            await forgetSessions(host)
          } else {
            const fault: KeeperFault = {
              step,
              how: way === 'it fails' ? 'fail' : 'kill',
              pid: way === 'the keeper is killed' ? keeper : 0,
            }
            await armKeeper(host, fault)
            const error = await run(host).then(
              () => null,
              (error: unknown) => error as Error & { code?: unknown },
            )
            if (error !== null) t.type(error.code, 'string', `${what}: ${error.message}`)
            const dies = way === 'the keeper is killed' || keeperSteps.get(step)?.who === 'keeper'
            if (way !== 'it fails' && dies) {
              await until(async () => (await host.keeperPid()) !== keeper)
              walked.add(step)
            }
            if (way === 'it fails') t.not(error, null, `${what}: and says so`)
            if (error !== null) walked.add(step)
          }
          await armKeeper(host, null)
          let found = await whole()
          const is = (state: readonly string[]): boolean => differences(state, found).length === 0
          const ended = (): boolean => ends && way === 'it fails' && is(beginning)
          await until(async () => {
            found = await whole()
            return goesOnAtOpen || is(before) || is(after) || ended()
          }).catch(() => undefined)
          if (!is(before) && !is(after) && !ended()) {
            // Who opens the host next goes on where something was cut off.
            await host.close()
            host = await Host.open(options)
            found = await whole()
          }
          const done = is(after)
          if (!done && !ended()) t.same(differences(before, found), [], `${what}: not done at all`)
          t.same((await host.audit()).leftovers, [], `${what}: nothing is left over`)
          t.same(host.locks(), [], `${what}: nor locked`)
          if (!done && !ended()) {
            await run(host)
            t.same(differences(after, await whole()), [], `${what}: and it can be done then`)
          }
          await restore(host)
          t.same(differences(beginning, await whole()), [], `${what}: and taken back`)
          await host.containers.get('live').exec(['true']) // it has all that again
          await until(async () => differences(holds, await keeperState(host)).length === 0).catch(
            async () => t.same(await keeperState(host), holds, `${what}: the keeper holds no more`),
          )
        }
      }
    })
  }
  const all = wanted.flatMap(({ steps }) => steps)
  t.same(
    all.filter((step) => !walked.has(step)),
    [],
    'all steps were walked',
  )
}

function waysOf(name: string): string[] {
  const step = keeperSteps.get(name)
  if (step === undefined) throw new Error(`there is no step ${name}`)
  const others = ['keeper', 'monitor', 'session'].includes(step.who)
  return [
    'it is killed',
    ...(step.fails ? ['it fails'] : []),
    ...(others && step.who !== 'keeper' ? ['the keeper is killed'] : []),
    ...(others ? ['the client is killed'] : []),
  ]
}

/** Another process that is killed with its keeper, or kills itself, by that fault. */
function otherProcess(
  options: LastingHost,
  { run }: KeeperOperation,
  step: string,
): Promise<string | number | null> {
  return endOf(`
    import { Host } from ${moduleOf('index.js')}
    import { Connection } from ${moduleOf('keeper/connection.js')}
    const host = await Host.open(${JSON.stringify(options)})
    const connection = new Connection(host.stateDir)
    await connection.request('FAULT', { STEP: ${JSON.stringify(step)}, OP: 'kill', PID: process.pid })
    const run = ${run.toString()}
    await run(host)
    // What comes after the answer.
    await new Promise((resolve) => setTimeout(resolve, ${upTo(5000)}))
    process.exit(3)
  `)
}
