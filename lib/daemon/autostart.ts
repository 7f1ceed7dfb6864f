// What starts by itself, once its pool is there.

import type { FastifyBaseLogger } from 'fastify'
import { ClosedError } from '../errors.js'
import type { Pool } from '../pool/pool.js'

/** Nobody waits for it: what went wrong is said in the log. */
export async function startByItself(
  pool: Pool,
  log: Pick<FastifyBaseLogger, 'error'>,
  signal?: AbortSignal,
): Promise<void> {
  // The host is being shut down.
  if (pool.show().state === 'disabled') return
  try {
    const { failed } = await pool.autostart.start(signal === undefined ? {} : { signal })
    for (const { id, error } of failed) {
      // As the daemon ends: the next one finds it running, or starts it.
      if (signal?.aborted === true && error instanceof ClosedError) continue
      log.error({ pool: pool.name, container: id, err: error }, 'autostart failed')
    }
  } catch (error) {
    if (signal?.aborted !== true) log.error({ pool: pool.name, err: error }, 'autostart failed')
  }
}
