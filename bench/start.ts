// The cases `start` and `stop`: from the request to the stamp of the guest's init, and from the request
// to a container that has ended and left no cgroup. One cycle gives a sample to both.
import { readFileSync } from 'node:fs'
import { type Isolation, readIsolation } from './isolation.js'
import { type LoopDelay, watchLoop } from './loop-delay.js'
import { monitorMemory } from './memory.js'
import type { Row } from './row.js'
import { type Rhythm, type Samples, add, milliseconds, rounds, stamp } from './sample.js'

export interface Cycles {
  start: Samples
  stop: Samples
  /** Private memory of the process above init, in kB. */
  memory: Samples
  isolation: Map<string, Isolation>
  loop: LoopDelay
}

export async function cycles(rows: readonly Row[], rhythm: Rhythm): Promise<Cycles> {
  const start: Samples = new Map()
  const stop: Samples = new Map()
  const memory: Samples = new Map()
  const isolation = new Map<string, Isolation>()
  const loop = watchLoop()
  await rounds(rows, rhythm, async (row) => {
    const ours = row.who.startsWith('vpsadminos')
    if (ours) loop.resume()
    const running = await row.start()
    if (ours) loop.pause()
    add(start, row.who, milliseconds({ begin: running.begin, end: await stamp(running) }))

    if (!isolation.has(row.who)) isolation.set(row.who, readIsolation(running.init))
    const monitor = monitorMemory(running.init)
    if (monitor !== null) add(memory, row.who, monitor)

    const span = await row.stop(running)
    if (alive(running.init)) throw new Error(`${row.who}: init outlived its stop`)
    if (row.stopWho !== null) add(stop, row.stopWho, milliseconds(span))
  })
  return { start, stop, memory, isolation, loop: await loop.end() }
}

// A container's init that nobody has reaped yet has ended all the same.
function alive(pid: number): boolean {
  try {
    return !/^State:\t[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}
