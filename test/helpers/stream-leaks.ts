// What a stream has while it is under way: descriptors, and a thread of the addon's.
import { readFileSync, readdirSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import type { Test } from 'tap'
import { upTo } from './time.js'

interface Held {
  readonly descriptors: number
  readonly threads: number
}

export function held(): Held {
  const threads = readdirSync('/proc/self/task').filter((id) => {
    try {
      return readFileSync(`/proc/self/task/${id}/comm`, 'utf8').trim() === 'vpsadminos-strm'
    } catch {
      return false // it has ended
    }
  })
  return { descriptors: readdirSync('/proc/self/fd').length, threads: threads.length }
}

/** Closing a descriptor takes a turn of the event loop, and a thread a moment to end. */
export async function nothingLeft(t: Test, before: Held): Promise<void> {
  const until = Date.now() + upTo(1000)
  while (Date.now() < until && JSON.stringify(held()) !== JSON.stringify(before)) {
    await setTimeout(10)
  }
  t.strictSame(held(), before, 'no descriptor and no thread is left')
}
