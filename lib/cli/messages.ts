// A message to those who are logged in to containers, some at a time.

import { at } from './daemon-client.js'
import { inParallel } from '../in-parallel.js'
import type { Thing } from './listing.js'
import { referenceOf, type Session } from './session.js'

const AT_ONCE = 8
/** For all together: who is told are guests, and what is done does not wait for them. */
const BEFORE_MS = 10_000

export interface Told {
  readonly container: string
  /** Why it could not be. */
  readonly error: string | null
}

/** @returns in the order of `containers` */
export async function tellUsers(
  { daemon }: Session,
  containers: readonly string[],
  body: { readonly message: string; readonly banner: boolean },
  signal?: AbortSignal,
): Promise<readonly Told[]> {
  const told = new Map<string, Told>()
  await inParallel(containers, AT_ONCE, async (container) => {
    try {
      await daemon.ask(at`POST /containers/${container}/wall`, {
        body,
        ...(signal === undefined ? {} : { signal }),
      })
      told.set(container, { container, error: null })
    } catch (error) {
      told.set(container, { container, error: (error as Error).message })
    }
  })
  return containers.flatMap((container) => told.get(container) ?? [])
}

/** By reference. */
export async function runningOnes(
  { daemon, pool: only }: Session,
  signal?: AbortSignal,
): Promise<string[]> {
  const things = await daemon.ask<readonly Thing[]>('GET /containers', {
    query: { pool: only, state: 'running', fields: 'id' },
    ...(signal === undefined ? {} : { signal }),
  })
  return things.map(referenceOf)
}

/** Before they are stopped. Who cannot be told does not keep them from that. @param containers null: all that run */
export async function tellBefore(
  session: Session,
  containers: readonly string[] | null,
  message: string,
): Promise<void> {
  const signal = AbortSignal.timeout(BEFORE_MS)
  const meant = containers ?? (await runningOnes(session, signal).catch(() => []))
  await tellUsers(session, meant, { message, banner: true }, signal)
}
