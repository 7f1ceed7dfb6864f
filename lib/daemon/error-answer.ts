// What the one who asked is told of an error: a status of HTTP, its code, its words and its facts.

import type { Duplex } from 'node:stream'
import { hangUp } from './hang-up.js'

/** Others are 500: they are not about what was asked. */
const STATUS: Readonly<Record<string, number>> = {
  ERR_INVALID_ARGUMENT: 400,
  ERR_UNKNOWN_SIGNAL: 400,
  ERR_NOT_FOUND: 404,
  ERR_SESSION_LOST: 404,
  ERR_BUSY: 409,
  ERR_CANCELLED: 409,
  ERR_CONTAINER_ENDED: 409,
  ERR_CONTAINER_NOT_RUNNING: 409,
  ERR_CONTAINER_RUNNING: 409,
  ERR_EXISTS: 409,
  ERR_ID_OVERLAP: 409,
  ERR_ID_RANGE_EXHAUSTED: 409,
  ERR_IN_USE: 409,
  ERR_STATE: 409,
  ERR_CONFIG_BROKEN: 422,
  ERR_UNSUPPORTED: 422,
  ERR_CLOSED: 503,
  ERR_KEEPER_LOST: 503,
  ERR_POOL_SUSPENDED: 503,
  ERR_TIMEOUT: 504,
  ERR_POOL_FULL: 507,
  ERR_STATE_DIRECTORY_FULL: 507,
}

export interface ErrorAnswer {
  readonly error: {
    readonly code: string
    readonly message: string
    readonly [fact: string]: unknown
  }
}

export function statusOf(error: unknown): number {
  const { code, statusCode } = error as { code?: unknown; statusCode?: unknown }
  // Of HTTP itself: a body that is no JSON, or too large.
  if (typeof statusCode === 'number') return statusCode
  return STATUS[String(code)] ?? 500
}

export function answerOf(error: unknown): ErrorAnswer {
  if (!(error instanceof Error)) return { error: { code: 'ERR_INTERNAL', message: String(error) } }
  const code = codeOf(error)
  const facts = Object.entries(error).filter(([name, value]) => isFact(name, value))
  return {
    error: {
      ...Object.fromEntries(facts),
      code,
      message: error.message,
    },
  }
}

function codeOf(error: Error): string {
  const { code, statusCode } = error as { code?: unknown; statusCode?: unknown }
  // The server's own codes are another library's names.
  if (typeof statusCode === 'number' && statusCode < 500) return 'ERR_INVALID_ARGUMENT'
  return typeof code === 'string' ? code : 'ERR_INTERNAL'
}

/** What Node.js cannot read as HTTP; others are 400. */
const UNREADABLE: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
}

/** For a server's `clientError`. */
export function refuseClient(error: Error, socket: Duplex): void {
  const { code } = error as { code?: unknown }
  if (code === 'ECONNRESET' || !socket.writable) return void socket.destroy()
  const status = UNREADABLE[String(code)] ?? '400 Bad Request'
  refuse(socket, status, { error: { code: 'ERR_INVALID_ARGUMENT', message: error.message } })
}

/** On a connection that has no response of Node.js's own: the last that is said on it. */
export function refuse(socket: Duplex, status: string, answer: ErrorAnswer): void {
  const text = JSON.stringify(answer)
  const head = `HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-type: application/json\r\n`
  void hangUp(socket, `${head}content-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`)
}

/** They are said otherwise, or about the server. */
const NO_FACTS = ['code', 'message', 'statusCode', 'validationContext']

function isFact(name: string, value: unknown): boolean {
  if (NO_FACTS.includes(name)) return false
  const simple = (one: unknown) =>
    one === null || ['string', 'number', 'boolean'].includes(typeof one)
  return Array.isArray(value) ? value.every(simple) : simple(value)
}
