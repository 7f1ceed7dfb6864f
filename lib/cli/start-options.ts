// How a container is started and stopped, as several commands are told it.

import type { Given, Options } from './command.js'
import { at } from './daemon-client.js'
import { RefusedError, UsageError } from './errors.js'
import type { Session } from './session.js'
import { numberIn } from './words.js'

export const startOptions = {
  wait: {
    short: 'w',
    value: 'SECONDS',
    summary: 'for it to run; 0: do not wait, `infinity`; default 120',
  },
  foreground: { short: 'F', summary: 'open its console' },
  attach: { short: 'a', summary: 'then open a shell in it' },
  'user-shell': { short: 'u', summary: "that shell is root's own" },
  debug: {
    short: 'D',
    summary: 'its log has the errors of LXC, with this as well: changes nothing',
  },
} satisfies Options

/** Milliseconds; null: do not wait. */
export function startTimeout({ wait }: { wait: string | undefined }): number | 'infinity' | null {
  if (wait === undefined) return 120_000
  if (wait === 'infinity') return wait
  const seconds = numberIn(wait, '--wait')
  return seconds === 0 ? null : seconds * 1000
}

export const stopOptions = {
  timeout: { short: 't', value: 'SECONDS', summary: 'that it has to shut down; default 300' },
  kill: { short: 'k', summary: 'do not have it shut down' },
  'dont-kill': { summary: 'fail when it does not shut down in time' },
  message: {
    short: 'm',
    value: 'TEXT',
    summary: 'told to who is logged in to it, as far as ten seconds suffice',
  },
} satisfies Options

export const DEFAULT_STOP_SECONDS = '300'

export function stopQuery(given: Given<typeof stopOptions>) {
  const { timeout = DEFAULT_STOP_SECONDS, kill, 'dont-kill': dontKill } = given
  if (kill && dontKill) throw new UsageError('--kill or --dont-kill')
  const method = kill ? 'kill' : dontKill ? 'shutdown_or_fail' : 'shutdown_or_kill'
  return { timeout: numberIn(timeout, '--timeout') * 1000, method }
}

/** One that runs already is started. */
export async function startContainer(
  session: Session,
  name: string,
  timeout: number | 'infinity' | null,
): Promise<void> {
  try {
    await session.daemon.ask(at`POST /containers/${name}/start`, {
      background: timeout === null,
      query: { timeout },
    })
  } catch (error) {
    const state = error instanceof RefusedError && error.code === 'ERR_STATE' && error.facts.state
    if (state !== 'running' && state !== 'starting') throw error
  }
}
