// What an import has left out, for who reads the log: nobody may have asked for it.

import type { FastifyBaseLogger } from 'fastify'
import type { Pool } from '../pool/pool.js'

export function tellOfBroken(pool: Pool, log: Pick<FastifyBaseLogger, 'warn'>): void {
  for (const file of pool.show().broken)
    log.warn({ pool: pool.name, ...file }, 'left out, as its file cannot be used')
}
