// Begins a program in a container. One that is stopped is started for it, where that is wanted, and ends with it;
// another program that comes meanwhile joins it.

import { abandon } from '../abandon.js'
import { StateError } from '../host/errors.js'
import type { ContainerRecord } from './record.js'
import { assertStartable, launch } from './start.js'
import { DEFAULT_TIMEOUT_MS } from './start-plan.js'
import { killContainer } from './stop.js'

export interface RunOptions {
  /**
   * A container that is stopped is started for this program alone: its own init does not run, and with the last
   * program it is stopped again. Default false.
   */
  readonly run?: boolean | undefined
  /**
   * One that is started so gets its network interfaces, as configured on the host; addresses are for the program
   * to set. Default false: it has lo, and nothing else.
   */
  readonly network?: boolean | undefined
}

/** How often the one that is joined may end in that very moment. */
const TRIES = 10

/** @param begin has the keeper begin it, and is tried again where the container has ended before that */
export async function beginProgram<T>(
  record: ContainerRecord,
  { run: wanted = false, network = false }: RunOptions,
  signal: AbortSignal | undefined,
  begin: () => Promise<T>,
): Promise<T> {
  if (!wanted) return await begin()
  const { run, programRun } = record
  for (let tries = 1; ; tries++) {
    await enter(record, network, signal)
    if (!programRun.present) return await begin()
    programRun.beginning++
    try {
      return await begin()
    } catch (error) {
      const over = !run.alive || run.state === 'stopping'
      if (over && error instanceof StateError && tries < TRIES) continue
      await leave(record)
      throw error
    } finally {
      programRun.beginning--
    }
  }
}

async function enter(
  record: ContainerRecord,
  network: boolean,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { run, programRun } = record
  do await abandon(programRun.starting ?? programRun.settled(), signal)
  while (programRun.starting !== null)
  if (run.alive) return
  const starting = startForProgram(record, network, signal)
  // Who waits for another's start has no part in what becomes of that.
  programRun.starting = starting.catch(() => undefined)
  try {
    await starting
  } finally {
    programRun.starting = null
  }
}

async function startForProgram(
  record: ContainerRecord,
  network: boolean,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { run, programRun } = record
  using op = await record.begin('exec', { signal })
  await assertStartable(op, record, 'exec')
  programRun.begin(network)
  try {
    await launch(op, record, DEFAULT_TIMEOUT_MS)
  } catch (error) {
    // It runs, and nobody is told of it.
    if (run.alive) await killContainer(record, undefined).catch(() => undefined)
    if (!run.alive) programRun.ended()
    await programRun.settled()
    throw error
  }
}

/** Ends what nobody needs: the keeper does so only after a program. Should that fail, its init does in a while. */
async function leave(record: ContainerRecord): Promise<void> {
  const { run, programRun, pool, id, host } = record
  const others = () => programRun.beginning > 1
  try {
    if (run.state !== 'stopping') {
      const sessions = await (await host.keeper()).sessions()
      const needed = sessions.some((one) => one.pool === pool.name && one.id === id && !one.exit)
      if (needed || others() || !programRun.present) return
      await killContainer(record, undefined)
    }
    await programRun.settled()
  } catch {
    // The keeper was lost, or the host closed.
  }
}
