// What happens, told to a client for as long as it stays.

import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Host } from '../host/host.js'
import { answerOf } from './error-answer.js'
import { Lines } from './lines.js'

/** One that does not read is told of a gap: what waits for it is bounded, in the engine and here. */
export async function streamEvents(
  host: Host,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  const { epoch, seq } = request.query as { epoch?: string; seq?: number }
  const since = epoch === undefined ? null : { epoch, seq: seq ?? 0 }
  const gone = new AbortController()
  reply.raw.once('close', () => gone.abort())
  const events = host.events({ since, signal: gone.signal })
  const lines = new Lines(reply)
  try {
    for await (const event of events) await lines.send(event, gone.signal)
    lines.end()
  } catch (error) {
    if (!gone.signal.aborted) lines.end(answerOf(error))
  }
}
