// What the keeper is asked to do, for tests that cut it off: each operation with the steps that it must come by.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Host } from 'vpsadminos'
import { keeperSteps } from './keeper-steps.js'
import { upTo } from './time.js'

export interface KeeperOperation {
  readonly name: string
  readonly steps: readonly string[]
  readonly prepare?: (host: Host) => Promise<unknown>
  /** Known by its text to other processes: it knows nothing but the host. */
  readonly run: (host: Host) => Promise<unknown>
  readonly restore: (host: Host) => Promise<unknown>
  /** When a step fails, what it was done to has ended. */
  readonly ends?: true
  /** What was cut off is gone on with when the host is opened next, and not before. */
  readonly goesOnAtOpen?: true
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
export const stepsOf = (...prefixes: string[]): string[] =>
  [...keeperSteps.keys()].filter((name) => prefixes.includes(name.split('.')[0] ?? ''))

export const keeperOperations: readonly KeeperOperation[] = [
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
    steps: stepsOf('exec', 'session', 'program').filter((name) => name !== 'exec.last'),
    run: async (host) => {
      await host.containers.get('live').exec(['true'])
    },
    restore: nothing,
  },
  {
    name: 'exec in one that is stopped',
    steps: ['start.saved', 'running.saved', 'exec.begun', 'exec.last', 'end.reaped', 'end.kept'],
    run: async (host) => {
      await host.containers.get('started').exec(['true'], { run: true })
    },
    restore: killStarted,
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
    goesOnAtOpen: true,
  },
  {
    name: 'type on a console',
    steps: stepsOf('console'),
    // The terminal that was there is kept for a moment.
    prepare: () => sleep(Math.min(upTo(500), 3000)),
    run: async (host) => {
      const console = host.containers.get('live').console()
      await console.write('\n')
      await console.close()
    },
    restore: nothing,
  },
]
