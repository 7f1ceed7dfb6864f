// Whether the first process of a pid namespace would notice a signal.
import { readFile } from 'node:fs/promises'

/**
 * A pid 1 never sees a signal that it neither catches nor waits for, pid_namespaces(7). One that it blocks is kept
 * for signalfd(2), as long as it blocks it: that counts while it sleeps, as fork() and posix_spawn() of glibc 2.41
 * block all signals for as long as they take, and what comes then is lost with their end. Null when the
 * process is gone.
 *
 * @param pid as the host sees it
 */
export async function heeds(pid: number, signal: number): Promise<boolean | null> {
  const status = await read(pid, 'status')
  if (status === null) return null
  const bit = 1n << BigInt(signal - 1)
  const isIn = (field: string) => {
    const [, mask = '0'] = new RegExp(`^${field}:\\s*([0-9a-f]+)$`, 'm').exec(status) ?? []
    return (BigInt(`0x${mask}`) & bit) !== 0n
  }
  if (isIn('SigCgt') || (isIn('SigBlk') && SLEEPING.test(status))) return true
  // While sigtimedwait(2) waits, what it waits for is missing in the mask of blocked signals (kernel
  // 6.18: do_sigtimedwait() keeps the real one aside).
  return (await read(pid, 'wchan'))?.includes('sigtimedwait') ?? null
}

/** So that a signal would wake it: not in the middle of vfork(2), which is another sleep. */
const SLEEPING = /^State:\s*S/m

function read(pid: number, name: string): Promise<string | null> {
  return readFile(`/proc/${pid}/${name}`, 'utf8').catch(() => null)
}
