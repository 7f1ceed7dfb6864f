// osctl shutdown

import { setTimeout as sleep } from 'node:timers/promises'
import { command } from '../command.js'
import { BadAnswerError, NoDaemonError, RefusedError, UsageError } from '../errors.js'
import { tellBefore } from '../messages.js'
import { Questions } from '../questions.js'
import type { Session } from '../session.js'
import { DEFAULT_STOP_SECONDS } from '../start-options.js'
import { numberIn } from '../words.js'

const MESSAGE = 'This machine is being shut down.'
const QUESTION = 'Do you really wish to stop all containers and export all pools? [y/N]: '
/** Whoever has begun it may be killed: the next osctld goes on. As long as vpsAdminOS waits for that. */
const AWAY_MS = 3_600_000
const AGAIN_MS = 500

export default command({
  summary: 'stop all containers and export all pools, before the machine is shut down',
  details:
    'Nothing is started from then on, also by an osctld that is begun anew, until the machine is booted or it is\n' +
    'given up with --abort. It goes on when it is interrupted or osctld is replaced; the machine itself goes on.',
  options: {
    force: { short: 'f', summary: 'ask nothing' },
    wall: {
      short: 'w',
      on: true,
      summary: 'tell those who are logged in to containers, as far as ten seconds suffice',
    },
    message: { short: 'm', value: 'TEXT', summary: 'what they are told' },
    timeout: { short: 't', value: 'SECONDS', summary: 'kill those that take longer; default 300' },
    abort: { short: 'a', summary: 'give it up; what was stopped and exported stays so' },
  },
  async run(_args, { force, wall, message = MESSAGE, timeout: seconds, abort }, session) {
    if (abort) return abortIt(session)
    const timeout = numberIn(seconds ?? DEFAULT_STOP_SECONDS, '--timeout') * 1000
    if (!force && !(await isMeant())) throw new UsageError('nothing was done; --force does not ask')
    if (wall) await tellBefore(session, null, message)
    const report = await whenThere(session, () =>
      session.daemon.ask('POST /host/shutdown', {
        query: { timeout },
        onProgress: (line) => session.tell(said(line as Progress)),
      }),
    )
    if (session.json) session.print(`${JSON.stringify(report)}\n`)
  },
})

interface Progress {
  readonly type: 'stop' | 'wait' | 'export'
  readonly pool: string
  readonly id: string
  readonly index: number
  readonly total: number
  readonly reason: string
}

function said({ type, pool, id, index, total, reason }: Progress): string {
  if (type === 'stop') return `[${index}/${total}] Stopping container ${pool}:${id}`
  return type === 'export' ? `Exporting pool ${pool}` : `Waiting: ${reason}`
}

async function abortIt(session: Session): Promise<void> {
  const { aborted } = await session.daemon.ask<{ aborted: boolean }>('DELETE /host/shutdown')
  if (!aborted) session.tell('The host is not being shut down')
}

async function isMeant(): Promise<boolean> {
  using questions = new Questions()
  return (await questions.ask(QUESTION)) === 'y'
}

/** @param ask again, after an osctld that has begun with it has gone */
async function whenThere<Answer>(session: Session, ask: () => Promise<Answer>): Promise<Answer> {
  let since: number | null = null
  for (let first = true; ; first = false) {
    try {
      return await ask()
    } catch (error) {
      if (!isAway(error) || (first && error instanceof NoDaemonError)) throw error
      if (since === null) session.tell('osctld has gone: waiting for the next one')
      since ??= Date.now()
      if (Date.now() - since >= AWAY_MS) throw error
      await sleep(AGAIN_MS)
    }
  }
}

function isAway(error: unknown): boolean {
  if (error instanceof RefusedError) return error.code === 'ERR_CLOSED'
  return error instanceof NoDaemonError || error instanceof BadAnswerError || isCut(error)
}

/** In the middle of its lines. */
function isCut(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ECONNRESET'
}
