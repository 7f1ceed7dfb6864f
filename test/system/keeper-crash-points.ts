// The keeper, its children, or the process that embeds the engine are killed at each step of the
// keeper, and each step that can fail fails. What was under way is wholly done or not at all then, nothing
// is left of it, and it can be done.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, readdirSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Host } from 'vpsadminos'
import { Keeper } from '../../dist/keeper/keeper.js'
import { keeperProgram } from '../../dist/keeper/spawn.js'
import { differences, stateOf } from '../helpers/host-state.js'
import { hierarchies } from '../helpers/hierarchies.js'
import { until } from '../helpers/keeper-host.js'
import { armKeeper, keeperSteps, type KeeperFault } from '../helpers/keeper-steps.js'
import { begin, operationsHost } from '../helpers/operations.js'
import { requires } from '../helpers/requires.js'
import { upTo } from '../helpers/time.js'

const t = requires('root', 'userns', 'liblxc', 'cgroup', 'busybox', 'tar')
const { options, place } = await operationsHost(t)
const pure = hierarchies.length === 1

interface KeeperOperation {
  readonly name: string
  readonly steps: readonly string[]
  readonly prepare?: (host: Host) => Promise<unknown>
  /** Known by its text to other processes: it knows nothing but the host. */
  readonly run: (host: Host) => Promise<unknown>
  readonly restore: (host: Host) => Promise<unknown>
  /** When a step fails, what it was done to has ended. */
  readonly ends?: true
}

const nothing = (): Promise<void> => Promise.resolve()
const killStarted = async (host: Host): Promise<void> => {
  const ct = host.containers.get('started')
  if (ct.state === 'stopped') return
  await ct.kill().catch((error: unknown) => {
    // What came of a monitor that was killed may be told only now.
    if (ct.state !== 'stopped') throw error
  })
}
const stepsOf = (...prefixes: string[]): string[] =>
  [...keeperSteps.keys()].filter((name) => prefixes.includes(name.split('.')[0] ?? ''))

const operations: readonly KeeperOperation[] = [
  {
    name: 'start',
    steps: stepsOf('start', 'monitor', 'init', 'running').filter(
      (name) => name !== 'monitor.reboot',
    ),
    run: (host) => host.containers.get('started').start(),
    restore: killStarted,
  },
  {
    name: 'kill',
    steps: stepsOf('end'),
    prepare: (host) => host.containers.get('started').start(),
    run: (host) => host.containers.get('started').kill(),
    restore: killStarted,
  },
  {
    name: 'reboot',
    steps: [
      'monitor.reboot',
      'end.reaped',
      'end.kept',
      'start.child',
      'start.saved',
      'running.saved',
    ],
    prepare: (host) => host.containers.get('started').start(),
    run: (host) => host.containers.get('started').reboot(),
    restore: killStarted,
    ends: true,
  },
  {
    name: 'exec',
    steps: stepsOf('exec', 'session', 'program'),
    run: async (host) => {
      await host.containers.get('live').exec(['true'])
    },
    restore: nothing,
  },
  {
    name: 'spawn on a terminal',
    steps: ['exec.child', 'session.cloned', 'program.told', 'program.streams', 'exec.reaped'],
    run: async (host) => {
      const session = await host.containers.get('live').spawn(['true'], { tty: true })
      session.stdout.resume()
      await session.exit
      await session.close()
    },
    restore: nothing,
  },
  {
    name: 'push into one that runs',
    steps: stepsOf('edit').filter((name) => !/written|opened/.test(name)),
    run: (host) => host.containers.get('live').push('/root/pushed', 'content'),
    restore: (host) => host.containers.get('live').push('/root/pushed', 'other'),
  },
  {
    name: 'push into one that is stopped',
    steps: ['edit.forked', 'edit.entered', 'edit.begun', 'edit.replaced', 'edit.reaped'],
    run: (host) => host.containers.get('base').push('/root/pushed', 'content'),
    restore: (host) => host.containers.get('base').push('/root/pushed', 'other'),
  },
  {
    name: 'pull',
    steps: ['edit.forked', 'edit.entered', 'edit.opened', 'edit.reaped'],
    run: async (host) => {
      const stream = await host.containers.get('base').pull('/etc/passwd')
      for await (const _ of stream);
    },
    restore: nothing,
  },
  {
    name: 'set a hostname',
    steps: ['edit.forked', 'edit.entered', 'edit.written', 'edit.reaped'],
    run: (host) => host.containers.get('live').set({ hostname: 'changed.example' }),
    restore: (host) => host.containers.get('live').unset('hostname'),
  },
  {
    name: 'type on a console',
    steps: stepsOf('console'),
    // The terminal that was there is kept for a moment.
    prepare: () => sleep(500),
    run: async (host) => {
      const console = host.containers.get('live').console()
      await console.write('\n')
      await console.close()
    },
    restore: nothing,
  },
]

/** Another process that is killed with its keeper, or kills itself, by that fault. */
async function otherProcess(
  { run }: KeeperOperation,
  step: string,
): Promise<string | number | null> {
  const module = (path: string): string =>
    JSON.stringify(new URL(`../../dist/${path}`, import.meta.url).href)
  const script = `
    import { Host } from ${module('index.js')}
    import { Connection } from ${module('keeper/connection.js')}
    const host = await Host.open(${JSON.stringify(options)})
    const connection = new Connection(host.stateDir)
    await connection.request('FAULT', { STEP: ${JSON.stringify(step)}, OP: 'kill', PID: process.pid })
    const run = ${run.toString()}
    await run(host)
    // What comes after the answer.
    await new Promise((resolve) => setTimeout(resolve, ${upTo(5000)}))
    process.exit(3)
  `
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  await once(child, 'exit')
  return child.signalCode ?? child.exitCode
}

/** What the keeper holds: its processes, its descriptors of processes and pipes, its files. */
async function keeperState(host: Host): Promise<string[]> {
  const keeper = await host.keeperPid()
  const cgroup = join(hierarchies[0] ?? '', host.cgroupRoot, 'keeper/cgroup.procs')
  const processes = readFileSync(cgroup, 'utf8').split('\n').filter(Boolean)
  const titles = processes.map((pid) => {
    try {
      const text = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
      return text.startsWith('[lxc monitor]') ? text : 'keeper or its spare child'
    } catch {
      return 'gone'
    }
  })
  const descriptors = readdirSync(`/proc/${keeper}/fd`).flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/${keeper}/fd/${fd}`)]
    } catch {
      return []
    }
  })
  const directory = join(host.stateDir, 'keeper')
  return [
    ...titles.sort(),
    `pipes ${descriptors.filter((name) => name.startsWith('pipe:')).length}`,
    `pidfds ${descriptors.filter((name) => name.includes('pidfd')).length}`,
    ...readdirSync(join(directory, 'plans'))
      .sort()
      .map((name) => `plan ${name}`),
    ...readdirSync(join(directory, 'seccomp')).filter((name) => !name.endsWith('.bpf')),
  ]
}

/** Of a client that has gone: how they ended is kept until somebody has heard it. */
async function forgetSessions(host: Host): Promise<void> {
  const ct = host.containers.get('live')
  for (const { session } of await ct.sessions()) {
    await using found = await ct.session(session)
    await found.exit
  }
}

async function settled(host: Host): Promise<void> {
  await until(async () => {
    await host.keeperPid()
    return host.containers.list().every(({ state }) => /^(running|stopped)$/.test(state))
  })
}

let host = await Host.open(options)
await begin(host, options, place)
for (const id of ['base', 'live']) await host.containers.get(id).push('/root/pushed', 'other')
await host.close()
host = await Host.open(options)
t.teardown(() => host.close())

async function whole(): Promise<string[]> {
  await settled(host)
  return (await stateOf(host, place)).filter((line) => !line.includes('/work/work '))
}

const beginning = await whole()
const holds = await keeperState(host)
const walked = new Set<string>()

for (const operation of operations) {
  const { name, steps, prepare, run, restore, ends = false } = operation
  await t.test(name, async (t) => {
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
          const end = await otherProcess(operation, step)
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
          return is(before) || is(after) || ended()
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
        await host.containers.get('live').exec(['true']) // it has a spare child again
        await until(async () => differences(holds, await keeperState(host)).length === 0).catch(
          async () => t.same(await keeperState(host), holds, `${what}: the keeper holds no more`),
        )
      }
    }
  })
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

await t.test('the beginning of a keeper', async (t) => {
  for (const step of stepsOf('boot')) {
    for (const how of ['kill', 'fail']) {
      await host.close()
      const first = await Keeper.connect(options)
      await first.shutdown({ force: true })
      await first.close()
      await until(() => !existsSync(`/proc/${first.pid}`))
      const child = spawn(
        keeperProgram(),
        ['--state-dir', options.stateDir, '--cgroup-root', options.cgroupRoot],
        { env: { VPSADMINOS_KEEPER_FAULT: `${how}:${step}` }, stdio: ['ignore', 'pipe', 'pipe'] },
      )
      let said = ''
      child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text))
      await once(child, 'close')
      const end = child.signalCode ?? child.exitCode
      if (t.equal(end, how === 'kill' ? 'SIGKILL' : 1, `${step}: ${how}`)) walked.add(step)
      if (how === 'fail') t.match(said, `fault ${step}`)
      host = await Host.open(options)
      t.same(differences(beginning, await whole()), [], `${step}: the next one finds all`)
      t.same((await host.audit()).leftovers, [])
    }
  }
})

await t.test('an unknown step is refused', async (t) => {
  const fault: KeeperFault = { step: 'start.nothing', how: 'kill', pid: 0 }
  await t.rejects(armKeeper(host, fault), { code: 'ENOENT' })
  await t.rejects(armKeeper(host, { step: 'program.told', how: 'kill', pid: 1 }), {
    code: 'EINVAL',
  })
})

t.same(
  [...keeperSteps.keys()].filter((step) => !walked.has(step) && !(pure && /cgroups/.test(step))),
  [],
  'all steps were walked',
)
