// A container's console, over a connection: what it says, and keys.

import type { Console } from '../container/console.js'
import { StateError } from '../host/errors.js'
import { unknownFrame, windowIn, type Behind } from './behind.js'
import { ASKED, TOLD, type Frame, type Wire } from './frames.js'

export class ConsoleStream implements Behind {
  readonly #console: Console
  readonly #wire: Wire
  #left = false
  /** Has it go on that waits for the client to read. */
  #goOn = () => {}

  /** @param over is told when there is nothing more to say */
  constructor(console: Console, wire: Wire, over: (error?: unknown) => void) {
    this.#console = console
    this.#wire = wire
    this.#pass().then(
      () => {
        // There will be no more of it, whoever asks: it was deleted, or that was asked for.
        if (!this.#left) wire.json(TOLD.exit, {})
        over()
      },
      (error: unknown) => over(error),
    )
  }

  async frame(frame: Frame): Promise<void> {
    if (frame.kind === ASKED.input) await this.#press(frame.bytes)
    else if (frame.kind === ASKED.end) this.#console.finish()
    else if (frame.kind === ASKED.window) {
      const { rows, cols } = windowIn(frame)
      await this.#console.resize(rows, cols)
    } else throw unknownFrame(frame)
  }

  gone(): Promise<void> {
    return this.detach()
  }

  detach(): Promise<void> {
    this.#left = true
    this.#goOn()
    return this.#console.close()
  }

  /** Of a container that does not run, or is between two runs, there is no terminal that could take keys. */
  async #press(keys: Buffer): Promise<void> {
    try {
      await this.#console.write(keys)
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (!(error instanceof StateError) && code !== 'EIO') throw error
    }
  }

  async #pass(): Promise<void> {
    // Who hears of it misses nothing of what it then makes the container say.
    await this.#console.begun()
    this.#wire.json(TOLD.begun, {})
    for await (const output of this.#console) {
      const place = Buffer.from(JSON.stringify(this.#console.position))
      const length = Buffer.alloc(2)
      length.writeUInt16BE(place.length)
      const isTaken = this.#wire.send(TOLD.console, Buffer.concat([length, place, output]))
      if (isTaken || this.#left) continue
      await new Promise<void>((resolve) => {
        // One that has gone takes nothing any more, and what is read of the log is closed then.
        this.#goOn = resolve
        this.#wire.whenDrained(resolve)
      })
    }
  }
}
