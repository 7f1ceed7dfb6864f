// The embedding process is killed after each step of each operation. Who opens the host next finds the
// operation wholly done or not at all, nothing left over, and can do it then.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { Host } from 'vpsadminos'
import { steps, type Step } from '../../dist/step.js'
import { begin, operations, operationsHost, type Operation } from '../helpers/operations.js'
import { requires } from '../helpers/requires.js'
import { differences, stateOf } from '../helpers/host-state.js'

const t = requires('root', 'userns', 'liblxc', 'cgroup', 'busybox', 'tar')
const { options, place } = await operationsHost(t)

/** How a process ended that was to be killed after that step, or null for one that does it all. */
async function otherProcess(run: Operation['run'], fault: string): Promise<string | number | null> {
  const script = `
    import { Host } from ${JSON.stringify(new URL('../../dist/index.js', import.meta.url).href)}
    const host = await Host.open(${JSON.stringify(options)})
    const run = ${run.toString()}
    const { arm } = await import(${JSON.stringify(new URL('../../dist/step.js', import.meta.url).href)})
    arm(${fault})
    await run(host, ${JSON.stringify(place)})
    await host.close()
  `
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  await once(child, 'exit')
  return child.signalCode ?? child.exitCode
}

async function open<T>(work: (host: Host) => Promise<T>): Promise<T> {
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
for (const { name, steps, fleeting = false, prepare, run, settle, restore } of operations) {
  await t.test(name, async (t) => {
    const before = await open(async (host) => {
      await prepare?.(host, place)
      return stateOf(host, place)
    })
    t.equal(await otherProcess(run, 'null'), 0)
    const after = await open((host) => stateOf(host, place))
    t.equal(differences(before, after).length === 0, fleeting, 'it changes something')
    await open((host) => restore(host, place))
    t.same(differences(beginning, await open((host) => stateOf(host, place))), [], 'taken back')

    for (const step of steps) {
      await open((host) => prepare?.(host, place) ?? Promise.resolve())
      const fault = JSON.stringify({ how: 'kill', step })
      const end = await otherProcess(run, fault)
      if (t.equal(end, 'SIGKILL', `killed after ${step}`)) walked.add(step)
      await open(async (host) => {
        await settle?.(host, place)
        const found = await stateOf(host, place)
        const done = differences(after, found).length === 0
        if (!done) t.same(differences(before, found), [], `${step}: not done at all`)
        else t.pass(`${step}: wholly done`)
        t.same((await host.audit()).leftovers, [], `${step}: nothing is left over`)
        if (!done || fleeting) {
          await run(host, place)
          const again = differences(after, await stateOf(host, place))
          if (!fleeting) t.same(again, [], `${step}: and it can be done then`)
        }
        await restore(host, place)
      })
      const now = await open((host) => stateOf(host, place))
      t.same(differences(beginning, now), [], `${step}: and taken back`)
    }
  })
}

t.same(
  (Object.keys(steps) as Step[]).filter((step) => !walked.has(step)),
  [],
  'all steps were walked',
)
