// What a request says of itself.

import type { IncomingHttpHeaders } from 'node:http'

export function headerOf(headers: IncomingHttpHeaders, name: string): string | null {
  const value = headers[name]
  return typeof value === 'string' && value !== '' ? value : null
}

/** What the client says that it is: its command line. Headers are bytes; Node takes each for a character. */
export function commandOf(headers: IncomingHttpHeaders): string | null {
  const header = headerOf(headers, 'osctl-command')
  return header === null ? null : Buffer.from(header, 'latin1').toString()
}
