// What systemd tells a service that it starts, and is told by it: sd_listen_fds(3), sd_notify(3).

import { native } from '../native.js'

/** Where descriptors begin that it passes. */
const FIRST_PASSED_FD = 3

/** The socket that it listens on for us; null when there is none. */
export function passedSocket(): number | null {
  const { LISTEN_PID: pid, LISTEN_FDS: count } = process.env
  return Number(pid) === process.pid && Number(count) >= 1 ? FIRST_PASSED_FD : null
}

/**
 * @param state lines like `READY=1`
 * @returns whether there is one that wants to know
 * @throws SystemError when it cannot be reached
 */
export function notifyManager(state: string): boolean {
  const { NOTIFY_SOCKET: address = '' } = process.env
  if (address === '') return false
  native.ns.notify(address, state)
  return true
}
