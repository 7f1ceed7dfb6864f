// native/process/binding.cc: processes, as /proc tells of them. `cgroups` are those of containers, relative
// to each hierarchy's mountpoint. All are on the slow lane, and never wait long for a process.
import type { Hierarchies } from './cgroup.js'

/**
 * Rows of numbers, as the machine has doubles, and for each row two texts: name and command. The numbers
 * are: pid, parent, pid in the namespace below (0: none), state (a character), ticks from boot to start,
 * start (ms since 1970), CPU (ms), vmsize and rss (bytes), ruid, euid, rgid, egid, index in `cgroups` (-1:
 * in none), slow (1: the command line did not come in time).
 */
export interface ProcessTable {
  numbers: Buffer
  texts: string[]
}

export interface Process {
  /** Those in or below the cgroups; one that does not exist has none. */
  inCgroups(
    hierarchies: Hierarchies,
    cgroups: string[],
    commands: boolean,
  ): Promise<ProcessTable>
  /** All that there are; without `strangers`, those in none of the cgroups are left out. */
  ofHost(
    hierarchies: Hierarchies,
    cgroups: string[],
    commands: boolean,
    strangers: boolean,
  ): Promise<ProcessTable>
  /** Those of these numbers that there are. */
  ofPids(
    hierarchies: Hierarchies,
    cgroups: string[],
    commands: boolean,
    pids: number[],
  ): Promise<ProcessTable>
}
