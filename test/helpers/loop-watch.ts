// How long this process keeps its event loop from turning, and how late the loop is beside that of
// a Node that does nothing.
import { createHook } from 'node:async_hooks'
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { testDirectory } from './system.js'

/**
 * Longest time in milliseconds between two looks at what else there is to do: all callbacks of one
 * turn of the loop. Time in which the kernel ran others instead of us is not counted.
 */
export class TurnWatch {
  longest = 0
  // "ns on the processor, ns of waiting for one, …"
  readonly #scheduler = openSync('/proc/thread-self/schedstat', 'r')
  readonly #line = Buffer.alloc(128)
  #begin: { time: number; waited: number } | null = null
  #arming = false
  #ours = 0
  readonly #hook = createHook({
    init: (id) => {
      if (this.#arming) this.#ours = id
    },
    before: (id) => {
      if (this.#begin === null && id !== this.#ours) this.#arm()
    },
  })

  start(): void {
    this.longest = 0
    this.#hook.enable()
  }

  stop(): void {
    this.#hook.disable()
  }

  close(): void {
    closeSync(this.#scheduler)
  }

  // An immediate runs after all that was ready in this turn, and keeps the loop from sleeping before.
  #arm(): void {
    this.#begin = { time: performance.now(), waited: this.#waited() }
    this.#arming = true
    setImmediate(() => {
      if (this.#begin === null) return
      const took = performance.now() - this.#begin.time
      this.longest = Math.max(this.longest, took - (this.#waited() - this.#begin.waited))
      this.#begin = null
    })
    this.#arming = false
  }

  #waited(): number {
    const length = readSync(this.#scheduler, this.#line, 0, this.#line.length, 0)
    return Number(this.#line.toString('latin1', 0, length).split(' ')[1]) / 1e6
  }
}

// Plain JavaScript, as the idle process runs it too.
const ticker = `
  let last, timer
  const gaps = []
  const tick = () => {
    const now = performance.now()
    gaps.push(now - last)
    last = now
    timer = setTimeout(tick, 1)
  }
  export const start = () => {
    gaps.length = 0
    last = performance.now()
    timer = setTimeout(tick, 1)
  }
  export const stop = () => {
    clearTimeout(timer)
    return gaps.slice()
  }
`
const idle = `
  import { start, stop } from './ticker.mjs'
  process.on('message', (what) => {
    if (what === 'start') start()
    process.send(what === 'start' ? [] : stop())
  })
`

interface Ticker {
  start(): void
  stop(): number[]
}

/** Milliseconds between ticks of a timer of one millisecond, here and in an idle Node beside us. */
export class DelayWatch {
  readonly #idle: ChildProcess
  readonly #ticker: Ticker

  private constructor(idle: ChildProcess, ticker: Ticker) {
    this.#idle = idle
    this.#ticker = ticker
  }

  static async open(t: Test): Promise<DelayWatch> {
    const directory = testDirectory(t)
    writeFileSync(join(directory, 'ticker.mjs'), ticker)
    writeFileSync(join(directory, 'idle.mjs'), idle)
    const child = fork(join(directory, 'idle.mjs'), { execArgv: [] })
    t.teardown(() => child.kill('SIGKILL'))
    const here = (await import(join(directory, 'ticker.mjs'))) as Ticker
    return new DelayWatch(child, here)
  }

  async start(): Promise<void> {
    await this.#ask('start')
    this.#ticker.start()
  }

  async stop(): Promise<{ ours: number[]; idle: number[] }> {
    const ours = this.#ticker.stop()
    return { ours, idle: await this.#ask('stop') }
  }

  async #ask(what: string): Promise<number[]> {
    const answer = once(this.#idle, 'message')
    this.#idle.send(what)
    return ((await answer) as [number[]])[0]
  }
}

export function percentile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0
}
