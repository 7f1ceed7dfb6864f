// Settings of containers: what a command has read is one change, and what waits for the next start is said.

import { at } from './daemon-client.js'
import { inPool, type Session } from './session.js'

interface Result {
  readonly pending: readonly string[]
}

/** @param settings as `PATCH /containers/:container` takes them; null goes back to the default */
export async function setContainer(session: Session, id: string, settings: object): Promise<void> {
  const { pending } = await session.daemon.ask<Result>(
    at`PATCH /containers/${inPool(session, id)}`,
    { body: settings },
  )
  if (pending.length > 0) session.tell('It takes effect at the next start')
}
