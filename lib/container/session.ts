// A program inside a container, with its streams. The keeper holds it: it goes on when this process
// ends, its output waits, and `ct.session(id)` finds it again.

import { Readable, Writable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { ClosedError } from '../errors.js'
import { InvalidArgumentError, OutputLostError } from '../host/errors.js'
import { KeeperError } from '../keeper/errors.js'
import type { Keeper } from '../keeper/keeper.js'
import type { SessionStreams } from '../keeper/types.js'
import { Pidfd, type Exit } from '../ns/pidfd.js'
import type { SignalName } from '../ns/signal.js'
import { openOutput, openPipe } from '../descriptor-streams.js'
import { onAbort } from '../on-abort.js'

/** Input goes to the program in parts, so that it is seen whether it takes any. */
const PIECE = 64 * 1024
const TAKING_MS = 10
const TAKING_LOOKS = 25
/** How long the end of what was killed is waited for. */
const KILLED_MS = 1000

/** How a program ended; one of the two is null. */
export interface SessionExit {
  readonly exitCode: number | null
  readonly signal: SignalName | null
}

/** @internal */
export function sessionExit({ code, signal }: Exit): SessionExit {
  return Object.freeze({ exitCode: code, signal })
}

/** Where the engine tells sessions that they have ended. @internal */
export interface SessionEnds {
  wait(session: number): Promise<Exit>
}

/** What sessions need of their host. @internal */
export interface SessionHost {
  readonly sessionEnds: SessionEnds
  /** Then it lets go of its sessions. */
  readonly closed: AbortSignal
}

/** @internal */
export function checkWindow(rows: number, cols: number, what: string): void {
  for (const [name, size] of Object.entries({ rows, cols })) {
    if (!Number.isInteger(size) || size < 1 || size > 65535) {
      throw new InvalidArgumentError(`${what}.${name}`, 'must be from 1 to 65535')
    }
  }
}

function outputOf(streams: SessionStreams, name: 'stdout' | 'stderr'): Readable | null {
  const fd = streams[name]
  return fd === null ? null : openOutput(fd, (cause) => new OutputLostError(name, { cause }))
}

/**
 * When its program has ended, `exit` has told how, and its output was read to the end or destroyed,
 * a session is closed by itself. One of which any of these is not true stays until it is closed.
 */
export class Session implements AsyncDisposable {
  readonly id: number
  /** As the host sees it. */
  readonly pid: number
  readonly tty: boolean
  /**
   * A write is told when the kernel has it: it is the program's then, whoever ends. What a program has
   * no use for is discarded, and no error. Ending it is the end of the program's input; on a terminal
   * that is a key, and ending this only ends who types. Null when input was taken from /dev/null.
   */
  readonly stdin: Writable | null
  /**
   * With a terminal, all of its output. Fails with OutputLostError when the rest of it is lost; where
   * several read the same, one of them is told.
   */
  readonly stdout: Readable
  /** Null with a terminal. */
  readonly stderr: Readable | null
  /** How it ended; of one that its container was started for, when that has ended too. Rejects only when the keeper is lost or the host is closed. */
  readonly exit: Promise<SessionExit>
  readonly #keeper: Keeper
  readonly #pidfd: Pidfd
  readonly #host: SessionHost
  readonly #settled: () => Promise<void>
  #forget = () => {}
  #ended = false
  /** Our end of the input. */
  #pipe: Writable | null = null
  /** The program has closed its own, or has ended: what is written goes nowhere, and is no error. */
  #discards = false
  /** Parts of the input that were written, or given up. */
  #taken = 0
  /** By the caller. */
  #closed = false
  /** Whoever is first to let go of it; the others wait for the same. */
  #over: Promise<void> | null = null

  /**
   * @param settled when what ends with its program has ended
   * @internal
   */
  constructor(
    keeper: Keeper,
    streams: SessionStreams,
    host: SessionHost,
    settled: () => Promise<void>,
  ) {
    const { sessionEnds, closed } = host
    this.#settled = settled
    this.#keeper = keeper
    this.#host = host
    this.id = streams.session
    this.pid = streams.pid
    this.#pidfd = Pidfd.adopt(streams.pidfd)
    this.tty = streams.tty
    this.stdin = streams.stdin === null ? null : this.#input(openPipe(streams.stdin, 'write'))
    this.stdout = outputOf(streams, 'stdout') ?? Readable.from([])
    this.stderr = outputOf(streams, 'stderr')
    const ended =
      streams.exit === null ? sessionEnds.wait(streams.session) : Promise.resolve(streams.exit)
    this.exit = ended.then(async ({ code, signal }) => {
      this.#ended = true
      await settled()
      return sessionExit({ code, signal })
    })
    for (const output of this.#outputs) output.once('close', () => this.#known())
    // Whoever does not ask how it ended shall not be ended by that.
    this.exit.then(
      () => this.#known(),
      () => undefined,
    )
    if (closed.aborted) this.#abandon()
    else this.#forget = onAbort(closed, this.#abandon)
  }

  get #outputs(): readonly Readable[] {
    return this.stderr === null ? [this.stdout] : [this.stdout, this.stderr]
  }

  /** Sends a signal to the program; false when it has ended. */
  kill(signal: SignalName | number = 'SIGTERM'): boolean {
    this.#assertOpen()
    return !this.#ended && this.#pidfd.kill(signal)
  }

  /** Kills the program with all that it has started, but what has moved to another cgroup. @internal */
  abort(): void {
    // On cgroup v1 there is no other way, and this one is quicker.
    if (this.#over === null) this.#pidfd.kill('SIGKILL')
    // One that the keeper does not have any more has nothing left.
    this.#keeper.killSession(this.id).catch(() => undefined)
  }

  /**
   * Tells the program the size of its window; what is typed from then on comes after that. Does nothing
   * without a terminal.
   *
   * @throws ClosedError
   */
  async resize(rows: number, cols: number): Promise<void> {
    this.#assertOpen()
    checkWindow(rows, cols, 'resize')
    if (!this.tty || this.#ended) return
    await this.#keeper.resizeSession(this.id, rows, cols).catch((error: unknown) => {
      if (!(error instanceof KeeperError && error.code === 'ERR_SESSION_LOST')) throw error
      // It has ended meanwhile.
    })
  }

  /**
   * Lets go of the streams. The program goes on, and its output waits for `ct.session(id)`; but what `stdout` and
   * `stderr` had read by then, which is up to their `readableLength`, is not there any more. Input is
   * written for as long as the program takes some of it within a quarter of a second; what is left then
   * is not, and its writes are told so.
   */
  detach(): Promise<void> {
    this.#closed = true
    return (this.#over ??= this.#written().then(() => this.#letGo()))
  }

  async #written(): Promise<void> {
    const { stdin } = this
    if (stdin === null) return
    const done = () => stdin.destroyed || (stdin.writableLength === 0 && !stdin.writableEnded)
    for (let before = -1; !done() && this.#taken > before;) {
      before = this.#taken
      for (let looks = 0; looks < TAKING_LOOKS && !done() && this.#taken === before; looks++)
        await sleep(looks === 0 ? 0 : TAKING_MS)
    }
  }

  /**
   * Kills the program if it still runs, also after `detach()`, and forgets the session. One that is
   * frozen is waited for no longer than a second: it ends when it is thawed.
   */
  async close(): Promise<void> {
    this.#closed = true
    const detaching = this.#over
    this.#over ??= this.#end()
    await this.#over
    if (detaching === null || this.#ended || !this.#keeper.open) return
    const streams = await this.#keeper.openSession(this.id).catch(() => null)
    if (streams === null) return
    await new Session(this.#keeper, streams, this.#host, this.#settled).close()
  }

  async #end(): Promise<void> {
    if (!this.#ended) this.#pidfd.kill('SIGKILL')
    // Unread output must not keep the program's pipes, and with them the end, waiting.
    for (const output of this.#outputs) output.resume()
    await this.#endedWithin(KILLED_MS)
    this.#discards = true
    await this.#letGo()
    const forget = async (): Promise<void> => {
      if (this.#keeper.open) await this.#keeper.closeSession(this.id).catch(() => undefined)
    }
    if (this.#ended) await forget()
    else this.exit.then(forget, () => undefined)
  }

  async #endedWithin(milliseconds: number): Promise<void> {
    const late = new AbortController()
    const wait = sleep(milliseconds, undefined, { signal: late.signal }).catch(() => undefined)
    await Promise.race([this.exit, wait]).catch(() => undefined)
    late.abort()
  }

  async #letGo(): Promise<void> {
    this.#forget()
    if (this.#discards) this.#pipe?.destroy()
    else this.stdin?.destroy()
    for (const output of this.#outputs) output.destroy()
    await this.#pidfd.close()
  }

  /** Nobody could learn more of it. */
  #known(): void {
    if (this.#ended && this.#outputs.every(({ closed }) => closed)) this.#over ??= this.#end()
  }

  // The host was closed: whoever reads is told, and is not taken down by that if he does not listen.
  readonly #abandon = (): void => {
    this.#closed = true
    for (const stream of [this.stdin, ...this.#outputs]) {
      stream?.on('error', () => undefined)
      stream?.destroy(this.#host.closed.reason as Error)
    }
    this.#over ??= this.#letGo()
  };

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #assertOpen(): void {
    if (this.#closed) throw new ClosedError(`session ${this.id}`)
  }

  // The keeper has the pipe too, so that the program survives us. Closing ours is not enough.
  #input(pipe: Writable): Writable {
    this.#pipe = pipe
    const put = (bytes: Buffer, done: (error?: Error | null) => void): void => {
      let from = 0
      const next = (error?: Error | null): void => {
        this.#taken++
        if (this.#discards || discarded(error)) done()
        // Where it was destroyed before it was written, Node knows of no error.
        else if (error != null || pipe.destroyed)
          done(error ?? new ClosedError(`session ${this.id}`))
        else if (from >= bytes.length) done()
        else pipe.write(bytes.subarray(from, (from += PIECE)), next)
      }
      if (this.#discards) process.nextTick(done)
      else pipe.write(bytes.subarray(from, (from += PIECE)), next)
    }
    const input = new Writable({
      write: (chunk: Buffer, _encoding, done) => put(chunk, done),
      writev: (chunks, done) =>
        put(Buffer.concat(chunks.map(({ chunk }) => chunk as Buffer)), done),
      final: (done) => {
        const written = () => {
          pipe.destroy()
          this.#keeper.closeStdin(this.id).then(
            () => done(),
            () => done(),
          )
        }
        // An end would be that of whoever types next, too.
        if (this.#discards || pipe.destroyed) written()
        else if (this.tty) pipe.write('', written)
        else pipe.end(written)
      },
      destroy: (error, done) => {
        pipe.destroy()
        done(error)
      },
    })
    pipe.on('error', (error) => {
      if (discarded(error)) this.#discards = true
      else input.destroy(error)
    })
    return input
  }
}

/** A program that does not read its input to the end is none of the writer's fault. */
function discarded(error: NodeJS.ErrnoException | null | undefined): boolean {
  return error?.code === 'EPIPE' || error?.code === 'ECONNRESET'
}
