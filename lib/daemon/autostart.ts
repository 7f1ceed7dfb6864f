// What starts by itself, once its pool is there.

import type { FastifyBaseLogger } from 'fastify'
import { ClosedError } from '../errors.js'
import type { Pool } from '../pool/pool.js'

/** Nobody waits for it: what went wrong, or was cut off, is said in the log. */
export async function startByItself(
  pool: Pool,
  log: Pick<FastifyBaseLogger, 'error' | 'info'>,
  signal?: AbortSignal,
): Promise<void> {
  // The host is being shut down.
  if (pool.show().state === 'disabled') return
  try {
    const { failed } = await pool.autostart.start(signal === undefined ? {} : { signal })
    for (const { id, error } of failed) {
      // The pool was exported, or its host closed: who has it next finds it running, or starts it.
      const isCut = error instanceof ClosedError || error === pool.released.reason
      if (isCut) log.info({ pool: pool.name, container: id }, 'autostart was cut off')
      else log.error({ pool: pool.name, container: id, err: error }, 'autostart failed')
    }
  } catch (error) {
    if (pool.released.aborted) log.info({ pool: pool.name }, 'autostart was cut off')
    else if (signal?.aborted !== true)
      log.error({ pool: pool.name, err: error }, 'autostart failed')
  }
}
