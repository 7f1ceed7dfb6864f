// Whether the client still waits for its answer.

import type { FastifyReply } from 'fastify'

/** Aborted when it has hung up, or has its answer. */
export function goneOf(reply: FastifyReply): AbortSignal {
  const gone = new AbortController()
  reply.raw.once('close', () => gone.abort(new Error('the client has gone')))
  return gone.signal
}
