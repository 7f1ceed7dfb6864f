// A program in a container, over a connection: its input, its output, and how it ended.

import type { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Container } from '../container/container.js'
import type { SpawnOptions } from '../container/exec.js'
import type { Session } from '../container/session.js'
import type { SignalName } from '../ns/signal.js'
import { z } from 'zod'
import { InvalidArgumentError } from '../host/errors.js'
import { parse } from '../schema/parse.js'
import { jsonIn, unknownFrame, windowIn, type Behind } from './behind.js'
import { program } from './call.js'
import { ASKED, TOLD, type Frame, type Wire } from './frames.js'

const begin = z.strictObject({
  ...program,
  tty: z.union([z.boolean(), z.strictObject({ rows: z.number(), cols: z.number() })]).optional(),
  stdin: z.boolean().optional(),
})

/** Input that the program has not taken yet; then the client waits. */
const MAX_UNTAKEN = 64 * 1024

/** Input that the program is just taking is waited for, when we go. */
const TAKING_LOOKS = 25
const TAKING_MS = 10

function outputsOf({ stdout, stderr }: Session): [Readable, string][] {
  return [
    [stdout, TOLD.stdout],
    ...(stderr === null ? [] : [[stderr, TOLD.stderr] as [Readable, string]]),
  ]
}

export class ProgramStream implements Behind {
  readonly #container: Container
  readonly #wire: Wire
  readonly #keep: boolean
  readonly #over: () => void
  readonly #leaving = new AbortController()
  #session: Session | null = null
  #starting = false
  #reads = true
  #untaken = 0
  #taken = 0n

  /**
   * @param keep whether it goes on when the client has gone
   * @param over is told when there is nothing more to say
   */
  constructor(container: Container, wire: Wire, keep: boolean, over: () => void) {
    this.#container = container
    this.#wire = wire
    this.#keep = keep
    this.#over = over
  }

  /** One that was begun before. */
  async open(id: number): Promise<void> {
    this.#begun(await this.#container.session(id))
  }

  async frame(frame: Frame): Promise<void> {
    const { kind, bytes } = frame
    if (kind === ASKED.begin) return this.#begin(bytes)
    const session = this.#session
    if (session === null) throw new InvalidArgumentError('frame', 'there is no program yet')
    if (kind === ASKED.input) await this.#input(session, bytes)
    else if (kind === ASKED.end) session.stdin?.end()
    else if (kind === ASKED.window) {
      const { rows, cols } = windowIn(frame)
      await session.resize(rows, cols)
    } else if (kind === ASKED.signal) session.kill(bytes.toString() as SignalName)
    else throw unknownFrame(frame)
  }

  async gone(): Promise<void> {
    const session = this.#session
    if (session === null) this.#leaving.abort(new Error('the client has gone'))
    else if (this.#keep) await this.#letGo(session)
    else await session.close()
  }

  async detach(): Promise<void> {
    const session = this.#session
    if (session === null) this.#leaving.abort(new Error('osctld ends'))
    else {
      await this.#letGo(session)
      this.#wire.send(TOLD.detached, Buffer.alloc(0))
    }
  }

  /** What was read goes to the client; the rest waits for the next who asks. */
  async #letGo(session: Session): Promise<void> {
    for (let looks = 0; looks < TAKING_LOOKS && this.#untaken > 0; looks++) await sleep(TAKING_MS)
    this.#reads = false
    for (const [output] of outputsOf(session)) {
      output.pause()
      // Of a stream that is paused, Node reads some more: this passes it on. From here to its end there is no turn
      // in which it could read again.
      output.read()
    }
    await session.detach()
  }

  async #begin(bytes: Buffer): Promise<void> {
    if (this.#starting) throw new InvalidArgumentError('frame', 'there is a program already')
    this.#starting = true
    const { args, ...options } = parse(begin, jsonIn(bytes), 'begin')
    const { signal } = this.#leaving
    const session = await this.#container.spawn(args, { ...(options as SpawnOptions), signal })
    this.#begun(session)
  }

  #begun(session: Session): void {
    this.#starting = true
    this.#session = session
    session.stdin?.on('error', () => undefined)
    this.#wire.json(TOLD.begun, { session: session.id, pid: session.pid, tty: session.tty })
    const outputs = outputsOf(session).map(([output, kind]) => this.#pass(output, kind))
    Promise.all([session.exit, ...outputs]).then(
      ([exit]) => {
        this.#wire.json(TOLD.exit, exit)
        this.#over()
      },
      // The host was closed, or the keeper has gone.
      () => this.#over(),
    )
  }

  /** Resolves when there will be no more of it. */
  #pass(output: Readable, kind: string): Promise<void> {
    return new Promise((resolve) => {
      output.on('data', (bytes: Buffer) => {
        if (this.#wire.send(kind, bytes)) return
        output.pause()
        this.#wire.whenDrained(() => {
          if (this.#reads) output.resume()
        })
      })
      output.once('close', resolve)
    })
  }

  /** Resolves when there is room for more. */
  #input({ stdin }: Session, bytes: Buffer): Promise<void> | void {
    if (stdin === null || !stdin.writable) return
    const taken = new Promise<void>((resolve) => {
      this.#untaken += bytes.length
      stdin.write(bytes, (error) => {
        this.#untaken -= bytes.length
        if (error == null) this.#tellTaken(bytes.length)
        resolve()
      })
    })
    if (this.#untaken > MAX_UNTAKEN) return taken
  }

  #tellTaken(bytes: number): void {
    this.#taken += BigInt(bytes)
    const count = Buffer.alloc(8)
    count.writeBigUInt64BE(this.#taken)
    this.#wire.send(TOLD.taken, count)
  }
}
