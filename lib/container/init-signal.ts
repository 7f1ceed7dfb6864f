// Signals for a container's init, which as pid 1 hears only those that it asked for.

import { setTimeout } from 'node:timers/promises'
import { heeds } from '../ns/heeds.js'
import { Pidfd } from '../ns/pidfd.js'
import { signalNumber, type SignalName } from '../ns/signal.js'
import type { ContainerRecord } from './record.js'

const HEED_EVERY_MS = 5
const HEED_MS = 5000

/** Sends a signal, heard or not; false when init is gone. */
export async function signalInit(
  record: ContainerRecord,
  signal: SignalName | number,
): Promise<boolean> {
  const number = signalNumber(signal)
  await using init = await initOf(record)
  return init?.pidfd.kill(number) ?? false
}

/**
 * Sends a signal that init is to obey; false when init is gone. One that has only begun is given some
 * seconds to set itself up, as what it does not care for yet would be lost.
 *
 * @param limit rejects with its reason
 * @param doing the state while init obeys
 */
export async function orderInit(
  record: ContainerRecord,
  signal: number,
  limit: AbortSignal,
  doing?: 'stopping',
): Promise<boolean> {
  await using init = await initOf(record)
  if (init === null) return false
  const begin = performance.now()
  // The kernel tells nobody when a process begins to catch a signal.
  while ((await heeds(init.pid, signal)) === false && performance.now() - begin < HEED_MS) {
    await setTimeout(HEED_EVERY_MS, undefined, { signal: limit }).catch(() =>
      limit.throwIfAborted(),
    )
    record.assertPresent()
  }
  // Before: it may have ended when we hear of the signal.
  if (doing !== undefined) record.run.set(doing)
  return init.pidfd.kill(signal)
}

/** What another process with its number does is harmless: the descriptor tells them apart. */
async function initOf(record: ContainerRecord) {
  const { host, pool, id } = record
  const keeper = await host.keeper()
  const known = await keeper.lookup(pool.name, id)
  // The answer comes after all that the keeper has told.
  if (known === null) record.lost()
  if (known?.pidfd == null || known.initPid === null) return null
  const pidfd = Pidfd.adopt(known.pidfd)
  return { pid: known.initPid, pidfd, [Symbol.asyncDispose]: () => pidfd.close() }
}
