// Processes of their own for scripts, made of one that has loaded the engine.
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { constants } from 'node:os'
import { fileURLToPath } from 'node:url'

const program = fileURLToPath(new URL('forks-program.js', import.meta.url))
const names = new Map(Object.entries(constants.signals).map(([name, number]) => [number, name]))
let origin: ChildProcess | null = null
let last: Promise<unknown> = Promise.resolve()

/** How one ended that ran the script, an ES module: its status, or the signal. One at a time. */
export function endOfFork(script: string, seconds: number): Promise<string | number> {
  const next = last.then(() => ended(script, seconds))
  last = next.catch(() => undefined)
  return next
}

async function ended(script: string, seconds: number): Promise<string | number> {
  origin ??= fork(program, { execArgv: [...process.execArgv, '--single-threaded'] })
  origin.send({ script, seconds })
  origin.ref()
  origin.channel?.ref()
  const [status] = (await once(origin, 'message', {
    signal: AbortSignal.timeout(1000 * (seconds + 60)),
  })) as [number]
  // It ends with who has begun it.
  origin.unref()
  origin.channel?.unref()
  return status < 0 ? (names.get(-status) ?? -status) : status
}
