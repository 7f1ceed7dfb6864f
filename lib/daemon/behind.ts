// What stands behind a connection of frames, and what all of these understand.

import { z } from 'zod'
import { InvalidArgumentError } from '../host/errors.js'
import { parse } from '../schema/parse.js'
import type { Frame } from './frames.js'

export interface Behind {
  /** Of the client. */
  frame(frame: Frame): void | Promise<void>
  /** The client has gone. */
  gone(): Promise<void>
  /** We go: what goes on, goes on without us. */
  detach(): Promise<void>
}

const size = z.strictObject({ rows: z.number(), cols: z.number() })

export function windowIn({ bytes }: Frame): z.output<typeof size> {
  return parse(size, jsonIn(bytes), 'window')
}

/** Null for what is none: no schema takes it. */
export function jsonIn(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString()) as unknown
  } catch {
    return null
  }
}

export function unknownFrame({ kind }: Frame): InvalidArgumentError {
  return new InvalidArgumentError('frame', `there are none of ${JSON.stringify(kind)}`)
}
