// Signals for single processes of a container, none of which is meant by its number alone.

import { z } from 'zod'
import type { ContainerRecord } from '../container/record.js'
import { checkOptions, type OperationOptions } from '../host/operation.js'
import { Pidfd } from '../ns/pidfd.js'
import { signalNumber, type SignalName } from '../ns/signal.js'
import { parse } from '../schema/parse.js'
import type { ProcessIdentity } from './process-info.js'
import { processesByPid } from './processes.js'

/** As many descriptors at a time. */
const AT_ONCE = 100

export const processIdentities = z
  .array(
    z.strictObject({
      pid: z
        .number()
        .int()
        .min(1)
        .max(2 ** 31 - 1),
      startTicks: z.number().nonnegative(),
    }),
  )
  .max(100_000)

/** @returns the numbers of those that were sent it; the others have ended, or are not in the container */
export async function signalProcesses(
  record: ContainerRecord,
  processes: readonly ProcessIdentity[],
  signal: SignalName | number,
  options: OperationOptions = {},
): Promise<readonly number[]> {
  checkOptions(options, 'signalProcesses')
  const wanted = parse(processIdentities, processes, 'signalProcesses.processes')
  const number = signalNumber(signal)
  record.assertPresent()
  const sent: number[] = []
  for (let at = 0; at < wanted.length; at += AT_ONCE) {
    sent.push(...(await signalSome(record, wanted.slice(at, at + AT_ONCE), number, options)))
  }
  return sent
}

async function signalSome(
  record: ContainerRecord,
  some: readonly ProcessIdentity[],
  signal: number,
  options: OperationOptions,
): Promise<number[]> {
  const opened = new Map<number, Pidfd>()
  try {
    for (const { pid } of some) {
      const pidfd = opened.has(pid) ? null : openOrNull(pid)
      if (pidfd !== null) opened.set(pid, pidfd)
    }
    // Looked at after they were opened: one that had begun before it was named is the one that is open.
    const found = await processesByPid(record.host, [record], [...opened.keys()], options)
    const inside = new Map(
      found.filter(({ container }) => container !== null).map((one) => [one.pid, one.startTicks]),
    )
    options.signal?.throwIfAborted()
    const meant = some.filter(({ pid, startTicks }) => inside.get(pid) === startTicks)
    // Once, however often it was named.
    return [...new Set(meant.map(({ pid }) => pid))].filter((pid) => opened.get(pid)?.kill(signal))
  } finally {
    await Promise.all([...opened.values()].map((pidfd) => pidfd.close()))
  }
}

/** Null when there is none of that number any more. */
function openOrNull(pid: number): Pidfd | null {
  try {
    return Pidfd.open(pid)
  } catch (error) {
    // EINVAL: the number is a thread's.
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ESRCH' || code === 'EINVAL' || code === 'ENOENT') return null
    throw error
  }
}
