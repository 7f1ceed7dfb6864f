// Walks the steps of operations: the process that embeds the engine is killed after each of them. Who opens
// the host next finds the operation wholly done or not at all, nothing left over, and can do it then.
import type { Test } from 'tap'
import { Host } from 'vpsadminos'
import type { Step } from '../../dist/step.js'
import { endOf, moduleOf } from './child.js'
import { differences, stateOf } from './host-state.js'
import {
  begin,
  operations,
  operationsHost,
  zfsOperations,
  type Operation,
  type Place,
} from './operations.js'
import { makeDataset, testMountpoint } from './storage.js'
import type { LastingHost } from './system.js'
import { testPool } from './zpool.js'

/** @param things what the operations are on: `a container` */
export async function walkSteps(t: Test, ...things: string[]): Promise<void> {
  await walk(t, operationsOn(things))
}

/** With the pool in a dataset of ZFS. */
export async function walkStepsOnZfs(t: Test, ...things: string[]): Promise<void> {
  const mountpoint = testMountpoint(t)
  const dataset = `${testPool(t)}/pool`
  makeDataset(dataset, mountpoint)
  await walk(t, operationsOn(things, [...operations, ...zfsOperations]), dataset)
}

async function walk(t: Test, wanted: readonly Operation[], dataset?: string): Promise<void> {
  const { options, place } = await operationsHost(t, dataset)
  const other = (run: Operation['run'], fault: string) => otherProcess(options, place, run, fault)
  const open = async <T>(work: (host: Host) => Promise<T>): Promise<T> => {
    const host = await Host.open(options)
    try {
      return await work(host)
    } finally {
      await host.close()
    }
  }
  await open((host) => begin(host, options, place))
  const beginning = await open((host) => stateOf(host, place))

  const walked = new Set<Step>()
  for (const { name, steps, fleeting = false, prepare, run, settle, restore } of wanted) {
    await t.test(name, async (t) => {
      const before = await open(async (host) => {
        await prepare?.(host, place)
        return stateOf(host, place)
      })
      t.equal(await other(run, 'null'), 0)
      const after = await open((host) => stateOf(host, place))
      t.equal(differences(before, after).length === 0, fleeting, 'it changes something')

      let last = 'all of it'
      const takenBack = async (host: Host): Promise<void> => {
        const found = differences(beginning, await stateOf(host, place))
        t.same(found, [], `${last}: and taken back`)
      }
      await open(async (host) => {
        await restore(host, place)
        await takenBack(host)
        await prepare?.(host, place)
      })
      for (const step of steps) {
        last = step
        const end = await other(run, JSON.stringify({ how: 'kill', step }))
        if (t.equal(end, 'SIGKILL', `killed after ${step}`)) walked.add(step)
        await open(async (host) => {
          await settle?.(host, place)
          const found = await stateOf(host, place)
          const [undone, missing] = [differences(before, found), differences(after, found)]
          const done = missing.length < undone.length
          if (done) t.same(missing, [], `${step}: wholly done`)
          else t.same(undone, [], `${step}: not done at all`)
          t.same((await host.audit()).leftovers, [], `${step}: nothing is left over`)
          if (!done || fleeting) {
            await run(host, place)
            const again = differences(after, await stateOf(host, place))
            if (!fleeting) t.same(again, [], `${step}: and it can be done then`)
          }
          await restore(host, place)
          await takenBack(host)
          if (step !== steps.at(-1)) await prepare?.(host, place)
        })
      }
      // And what was taken back is so for the next one, too.
      await open(takenBack)
    })
  }
  t.same(
    wanted.flatMap(({ steps }) => steps).filter((step) => !walked.has(step)),
    [],
    'all of their steps were walked',
  )
}

export function operationsOn(
  things: readonly string[],
  all: readonly Operation[] = operations,
): readonly Operation[] {
  return all.filter(({ name }) => things.some((thing) => `${name} `.includes(` ${thing} `)))
}

/** How a process ended that was to be killed after that step, or null for one that does it all. */
function otherProcess(
  options: LastingHost,
  place: Place,
  run: Operation['run'],
  fault: string,
): Promise<string | number | null> {
  return endOf(`
    import { Host } from ${moduleOf('index.js')}
    const host = await Host.open(${JSON.stringify(options)})
    const run = ${run.toString()}
    const { arm } = await import(${moduleOf('step.js')})
    arm(${fault})
    await run(host, ${JSON.stringify(place)})
    await host.close()
  `)
}
