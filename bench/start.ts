// The cases `start` and `stop`: from the request to the stamp of the guest's init, and from the request
// to a container that has ended and left no cgroup. One cycle gives a sample to both.
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Isolation, readIsolation } from './isolation.js'
import { monitorOf, privateMemory } from './memory.js'
import type { Row } from './row.js'
import { type Rhythm, type Samples, add, milliseconds, rounds, stamp } from './sample.js'

export interface Cycles {
  start: Samples
  stop: Samples
  /** Private memory of the process above init, in kB. */
  memory: Samples
  isolation: Map<string, Isolation>
}

export async function cycles(rows: readonly Row[], rhythm: Rhythm): Promise<Cycles> {
  const start: Samples = new Map()
  const stop: Samples = new Map()
  const memory: Samples = new Map()
  const isolation = new Map<string, Isolation>()
  await rounds(rows, rhythm, async (row) => {
    const running = await row.start()
    add(start, row.who, milliseconds({ begin: running.begin, end: await stamp(running) }))

    if (!isolation.has(row.who)) isolation.set(row.who, readIsolation(running.init))
    const monitor = monitorOf(running.init)
    if (monitor !== null) add(memory, row.who, privateMemory(monitor))

    const span = await row.stop(running)
    if (alive(running.init)) throw new Error(`${row.who}: init outlived its stop`)
    if (row.stopWho !== null) add(stop, row.stopWho, milliseconds(span))
    // lxc-stop returns while the monitor still removes its cgroups, and the next start would meet them.
    while (monitor !== null && alive(monitor)) await sleep(1)
  })
  return { start, stop, memory, isolation }
}

// A container's init that nobody has reaped yet has ended all the same.
function alive(pid: number): boolean {
  try {
    return !/^State:\t[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}
