// What the memory of the machine is used for: /proc/meminfo, proc(5).

import { counted, notUnderstood, readSmall } from './small-file.js'

const MEMINFO = '/proc/meminfo'

/** Bytes. */
export interface MemoryUse {
  readonly total: number
  /** By programs and the kernel: neither free, nor buffers or cache. The ARC of ZFS is in it. */
  readonly used: number
  readonly free: number
  readonly buffers: number
  /** With what the kernel can give up of its own. */
  readonly cached: number
  readonly swapTotal: number
  readonly swapUsed: number
  readonly swapFree: number
}

export async function readMemory(): Promise<MemoryUse> {
  return parseMemory(await readSmall(MEMINFO, 65_536))
}

export function parseMemory(text: string): MemoryUse {
  const lines = new Map(
    text.split('\n').map((line) => {
      const colon = line.indexOf(':')
      return [line.slice(0, Math.max(colon, 0)), line.slice(colon + 1)] as const
    }),
  )
  const bytes = (name: string): number => {
    const value = lines.get(name)
    const kib = counted(/^ +(\d+) kB$/.exec(value ?? '')?.[1])
    if (kib === null) throw notUnderstood(MEMINFO, `${name}:${value ?? ' is not there'}`)
    return kib * 1024
  }
  const [total, free, buffers] = [bytes('MemTotal'), bytes('MemFree'), bytes('Buffers')]
  const cached = bytes('Cached') + bytes('SReclaimable')
  const [swapTotal, swapFree] = [bytes('SwapTotal'), bytes('SwapFree')]
  return {
    total,
    used: Math.max(0, total - free - buffers - cached),
    free,
    buffers,
    cached,
    swapTotal,
    swapUsed: Math.max(0, swapTotal - swapFree),
    swapFree,
  }
}
