// Signals by name and by number; Node leaves the real-time ones out.
import { constants } from 'node:os'

export type RealtimeSignal = `SIGRTMIN+${number}`
export type SignalName = NodeJS.Signals | RealtimeSignal

// glibc's first one; musl's is 35, and the kernel's 32.
export const SIGRTMIN = 34

const names = new Map<number, SignalName>(
  Object.entries(constants.signals).map(([name, number]) => [number, name as NodeJS.Signals]),
)

/** `SIGTERM` for 15, `SIGRTMIN+3` for 37. */
export function signalName(number: number): SignalName {
  return names.get(number) ?? `SIGRTMIN+${number - SIGRTMIN}`
}

/** @throws TypeError ERR_UNKNOWN_SIGNAL for a name that is none, as `process.kill()` does */
export function signalNumber(signal: SignalName | number): number {
  const known = typeof signal === 'number' ? signal : numberOf(signal)
  // A caller without types may have written `TERM`.
  if (!Number.isInteger(known)) {
    const error = new TypeError(`Unknown signal: ${printable(signal)}`)
    throw Object.assign(error, { code: 'ERR_UNKNOWN_SIGNAL' })
  }
  return known
}

function printable(given: unknown): string {
  return typeof given === 'string' || typeof given === 'number' ? String(given) : typeof given
}

function numberOf(name: SignalName): number {
  if (typeof name !== 'string') return Number.NaN
  const [, offset] = /^SIGRTMIN\+(\d\d?)$/.exec(name) ?? []
  if (offset !== undefined) return SIGRTMIN + Number(offset)
  return constants.signals[name as NodeJS.Signals]
}
