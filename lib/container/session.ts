// A program inside a container, with its streams. The keeper holds it: it goes on when this process
// ends, its output waits, and `ct.session(id)` finds it again.

import { Readable, Writable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { ClosedError } from '../errors.js'
import { InvalidArgumentError, OutputLostError } from '../host/errors.js'
import { KeeperError } from '../keeper/errors.js'
import type { Keeper } from '../keeper/keeper.js'
import type { SessionStreams } from '../keeper/types.js'
import { Pidfd, type Exit } from '../ns/pidfd.js'
import type { SignalName } from '../ns/signal.js'
import { openOutput, openPipe } from '../descriptor-streams.js'
import { onAbort } from '../on-abort.js'

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
  /** How it ended. Rejects only when the keeper is lost or the host is closed. */
  readonly exit: Promise<SessionExit>
  readonly #keeper: Keeper
  readonly #pidfd: Pidfd
  readonly #hostClosed: AbortSignal
  #forget = () => {}
  #ended = false
  /** By the caller. */
  #closed = false
  /** Whoever is first to let go of it; the others wait for the same. */
  #over: Promise<void> | null = null

  /** @internal */
  constructor(keeper: Keeper, streams: SessionStreams, { sessionEnds, closed }: SessionHost) {
    this.#keeper = keeper
    this.#hostClosed = closed
    this.id = streams.session
    this.pid = streams.pid
    this.#pidfd = Pidfd.adopt(streams.pidfd)
    this.tty = streams.tty
    this.stdin = streams.stdin === null ? null : this.#input(openPipe(streams.stdin, 'write'))
    this.stdout = outputOf(streams, 'stdout') ?? Readable.from([])
    this.stderr = outputOf(streams, 'stderr')
    const ended =
      streams.exit === null ? sessionEnds.wait(streams.session) : Promise.resolve(streams.exit)
    this.exit = ended.then(({ code, signal }) => {
      this.#ended = true
      return sessionExit({ code, signal })
    })
    for (const output of this.#outputs) output.once('close', () => this.#settled())
    // Whoever does not ask how it ended shall not be ended by that.
    this.exit.then(
      () => this.#settled(),
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
   * Lets go of the streams. The program goes on, and its output waits for `ct.session(id)`. Input that
   * the kernel does not take at once, because the program does not read, is not written any more.
   */
  detach(): Promise<void> {
    this.#closed = true
    return (this.#over ??= this.#written().then(() => this.#letGo()))
  }

  /** What is still to be written, as far as it goes on at once. */
  async #written(): Promise<void> {
    const { stdin } = this
    if (stdin === null) return
    for (let left = Infinity; stdin.writableLength < left && !stdin.destroyed; await nextTurn())
      left = stdin.writableLength
    // Its end, which nothing stops then.
    if (stdin.writableLength === 0 && stdin.writableEnded)
      await finished(stdin).catch(() => undefined)
  }

  /** Kills the program if it still runs, and forgets the session. */
  close(): Promise<void> {
    this.#closed = true
    return (this.#over ??= this.#end())
  }

  async #end(): Promise<void> {
    if (!this.#ended) this.#pidfd.kill('SIGKILL')
    // Unread output must not keep the program's pipes, and with them the end, waiting.
    for (const output of this.#outputs) output.resume()
    await this.exit.catch(() => undefined)
    await this.#letGo()
    if (this.#keeper.open) await this.#keeper.closeSession(this.id).catch(() => undefined)
  }

  async #letGo(): Promise<void> {
    this.#forget()
    for (const stream of [this.stdin, ...this.#outputs]) stream?.destroy()
    await this.#pidfd.close()
  }

  /** Nobody could learn more of it. */
  #settled(): void {
    if (this.#ended && this.#outputs.every(({ closed }) => closed)) this.#over ??= this.#end()
  }

  // The host was closed: whoever reads is told, and is not taken down by that if he does not listen.
  readonly #abandon = (): void => {
    this.#closed = true
    for (const stream of [this.stdin, ...this.#outputs]) {
      stream?.on('error', () => undefined)
      stream?.destroy(this.#hostClosed.reason as Error)
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
    const put = (chunk: Buffer, done: (error?: Error | null) => void) =>
      pipe.write(chunk, (error) => {
        if (discarded(error)) done()
        // Where it was destroyed before it was written, Node knows of no error.
        else done(error ?? (pipe.destroyed ? new ClosedError(`session ${this.id}`) : null))
      })
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
        if (this.tty) pipe.write('', written)
        else pipe.end(written)
      },
      destroy: (error, done) => {
        pipe.destroy()
        done(error)
      },
    })
    pipe.on('error', (error) => input.destroy(discarded(error) ? undefined : error))
    return input
  }
}

/** A program that does not read its input to the end is none of the writer's fault. */
function discarded(error: NodeJS.ErrnoException | null | undefined): boolean {
  return error?.code === 'EPIPE' || error?.code === 'ECONNRESET'
}
