// What happens, told to a client for as long as it stays.

import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Host } from '../host/host.js'
import { answerOf } from './error-answer.js'
import { goneOf } from './gone.js'
import { Lines } from './lines.js'

/** One that does not read is told of a gap: what waits for it is bounded, in the engine and here. */
export async function streamEvents(
  host: Host,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  const { epoch, seq } = request.query as { epoch?: string; seq?: number }
  const since = epoch === undefined ? null : { epoch, seq: seq ?? 0 }
  const gone = goneOf(reply)
  const events = host.events({ since, signal: gone })
  const lines = new Lines(reply)
  try {
    for await (const event of events) await lines.send(event, gone)
    lines.end()
  } catch (error) {
    if (!gone.aborted) lines.end(answerOf(error))
  }
}
