// Whether the first process of a pid namespace would notice a signal.
import { readFile } from 'node:fs/promises'

/**
 * A pid 1 never sees a signal that it neither catches nor blocks, pid_namespaces(7). Null when the process
 * is gone.
 *
 * @param pid as the host sees it
 */
export async function heeds(pid: number, signal: number): Promise<boolean | null> {
  const status = await read(pid, 'status')
  if (status === null) return null
  const bit = 1n << BigInt(signal - 1)
  const inMask = ['SigBlk', 'SigCgt'].some((field) => {
    const [, mask = '0'] = new RegExp(`^${field}:\\s*([0-9a-f]+)$`, 'm').exec(status) ?? []
    return (BigInt(`0x${mask}`) & bit) !== 0n
  })
  // While sigtimedwait(2) waits, what it waits for is missing in the mask of blocked signals (kernel
  // 6.18: do_sigtimedwait() keeps the real one aside).
  return inMask || ((await read(pid, 'wchan'))?.includes('sigtimedwait') ?? null)
}

function read(pid: number, name: string): Promise<string | null> {
  return readFile(`/proc/${pid}/${name}`, 'utf8').catch(() => null)
}
