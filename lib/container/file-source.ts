// What can be pushed, and how it is read: chunk by chunk, each of them checked.

import { abandon } from '../abandon.js'
import { InvalidArgumentError } from '../host/errors.js'

export type FileSource = string | Uint8Array | AsyncIterable<Uint8Array | string>

const isChunk = (value: unknown): value is string | Uint8Array =>
  typeof value === 'string' || value instanceof Uint8Array

/** @throws InvalidArgumentError */
export function checkSource(source: FileSource, what: string): void {
  // Callers without types give anything.
  const given: unknown = source
  if (isChunk(given)) return
  if (typeof given === 'object' && given !== null && Symbol.asyncIterator in given) return
  const reason = `expected a string, a Uint8Array or an async iterable, got ${kindOf(given)}`
  throw new InvalidArgumentError(what, reason)
}

/**
 * The chunks of a source, until it ends or `signal` is aborted. A source that keeps us waiting is
 * left then: when it goes on, it is told to end.
 *
 * @throws InvalidArgumentError when it gives anything else
 */
export async function* chunksOf(
  source: FileSource,
  what: string,
  signal: AbortSignal,
): AsyncGenerator<string | Uint8Array, void> {
  if (isChunk(source)) {
    yield source
    return
  }
  const chunks: AsyncIterator<unknown, unknown> = source[Symbol.asyncIterator]()
  let ended = false
  const next = async (): Promise<IteratorResult<unknown, unknown>> => {
    try {
      const result = await chunks.next()
      ended = result.done === true
      return result
    } catch (error) {
      ended = true
      throw error
    }
  }
  try {
    for (;;) {
      signal.throwIfAborted()
      const { done, value } = await abandon(next(), signal)
      if (done === true) return
      if (!isChunk(value)) {
        const reason = `expected chunks that are strings or Uint8Arrays, got ${kindOf(value)}`
        throw new InvalidArgumentError(what, reason)
      }
      yield value
    }
  } finally {
    // Not awaited: it may still be on its way to the next chunk.
    if (!ended) void Promise.resolve(chunks.return?.()).catch(() => {})
  }
}

function kindOf(value: unknown): string {
  if (value === null) return 'null'
  if (typeof value !== 'object') return typeof value
  return value.constructor?.name ?? 'object'
}
