// What /proc says of processes, also of those that are just going.
import { readFileSync, readdirSync } from 'node:fs'

type Pid = string | number

/** Every field of the file of one process, or null when it is gone. */
export function statusOf(pid: Pid): Map<string, string> | null {
  try {
    const lines = readFileSync(`/proc/${pid}/status`, 'utf8').split('\n')
    return new Map(lines.map((line) => line.split(':\t') as [string, string]))
  } catch {
    return null
  }
}

/** Its command line, with spaces; empty for a zombie, and null when it is gone. */
export function titleOf(pid: Pid): string | null {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
  } catch {
    return null
  }
}

export const pids = () => readdirSync('/proc').filter((name) => /^\d+$/.test(name))

/** Of one with a single thread, zombies too; none of one that is gone. */
export function childrenOf(pid: Pid): string[] {
  try {
    const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
    return text.split(' ').filter(Boolean)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ESRCH') return []
    throw error
  }
}
