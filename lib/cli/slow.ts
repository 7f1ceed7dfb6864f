// Processes that did not tell their command lines in time.

import type { Thing } from './listing.js'
import type { Session } from './session.js'

/** For whoever looks for what hangs. */
export function tellSlow(session: Session, things: readonly Thing[]): void {
  const slow = things.filter(({ command }) => command === null).map(({ pid }) => String(pid))
  if (slow.length === 0) return
  session.tell(`Slow to tell their command lines: ${slow.join(', ')}`)
}
