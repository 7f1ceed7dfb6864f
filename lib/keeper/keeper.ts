// The keeper of one host: a native process that starts containers, enters them, and holds
// what must outlive this one. See native/keeper/README.md.
import { closeSync } from 'node:fs'
import { LibraryMissingError } from '../errors.js'
import { exitIn, known, one, pipeAndSocket, streams } from './answers.js'
import type { Answer, Connection } from './connection.js'
import {
  decodeResult,
  encodeExec,
  encodeMount,
  encodeOp,
  encodeReplace,
  encodeStart,
  encodeTarget,
} from './encode.js'
import { DescriptorsMissingError, KeeperError } from './errors.js'
import type { EventQueue } from './events.js'
import { KeeperEvents } from './keeper-events.js'
import { OpenedFile } from './opened-file.js'
import { encodeFrame, Fields, protocolVersion, type FieldValues } from './protocol.js'
import { reachKeeper, type KeeperOptions } from './reach.js'
import { isCurrent, renew } from './renewal.js'
import { Replacement } from './replacement.js'
import type {
  ExecPlan,
  FileOp,
  FileResult,
  FileTarget,
  Finished,
  KeeperEvent,
  Known,
  ReplaceFileOptions,
  SessionInfo,
  SessionStreams,
  Started,
  StartPlan,
  SubMount,
  TreeMount,
} from './types.js'

export class Keeper implements AsyncDisposable {
  readonly pid: number
  /** Changes with the keeper process. */
  readonly epoch: string
  /** The number of its last event before it was connected to. */
  readonly seq: number
  readonly #connection: Connection
  readonly #events: KeeperEvents
  #liblxc: boolean
  /** Called once when the keeper ends by itself; the host then connects to another. */
  onLost: () => void = () => {}

  private constructor(connection: Connection, hello: Fields) {
    this.#connection = connection
    this.pid = hello.number('PID')
    this.epoch = hello.text('EPOCH')
    this.seq = hello.number('SEQ')
    this.#events = new KeeperEvents(connection, this.epoch, this.seq)
    this.#liblxc = !hello.has('DETAIL')
    connection.onLost = () => {
      this.#events.end()
      this.onLost()
    }
  }

  /**
   * Connects to the host's keeper, and starts one when there is none.
   *
   * @throws KeeperStartError ERR_KEEPER_START with what it said
   */
  static async connect(options: KeeperOptions): Promise<Keeper> {
    const { connection, hello } = await reachKeeper(options)
    return new Keeper(connection, hello)
  }

  get open(): boolean {
    return this.#connection.open
  }

  /**
   * Has it go on as the program that this library would start, where it is another one: in the same
   * process, with all that it keeps. Its clients wait for some milliseconds.
   *
   * @throws KeeperError ERR_KEEPER_RENEWAL, and it goes on as what it was
   */
  async renew(): Promise<void> {
    if (await isCurrent(this.pid)) return
    this.#liblxc = !(await renew(this.#connection)).has('DETAIL')
  }

  /**
   * @throws LibraryMissingError unless the keeper can use liblxc
   */
  async assertLiblxc(): Promise<void> {
    if (this.#liblxc) return
    const { fields } = await this.#connection.request('HELLO', { VERSION: protocolVersion })
    if (fields.has('DETAIL')) {
      throw new LibraryMissingError(fields.text('PATH'), fields.text('DETAIL'))
    }
    this.#liblxc = true
  }

  /**
   * Resolves when the container's init runs. Aborted, or failed, it leaves nothing behind.
   *
   * @throws KeeperError `ERR_CONTAINER_RUNNING`, `ERR_LXC_START` with the log's tail in `detail`,
   *   `ERR_TIMEOUT`, or the errno of the step that failed
   */
  async start(plan: StartPlan, options: { signal?: AbortSignal } = {}): Promise<Started> {
    const { fields, fds } = await this.#connection
      .request('START', encodeStart(plan), options.signal)
      .catch((error: unknown) => {
        // Of its init, which nobody needs.
        if (error instanceof DescriptorsMissingError) return { fields: error.answer, fds: [] }
        throw error
      })
    for (const fd of fds) closeSync(fd)
    const timings: Record<string, number> = {}
    for (const bytes of fields.all('TIMING')) {
      const timing = new Fields(bytes)
      timings[timing.text('STEP')] = timing.number('TIME')
    }
    return {
      initPid: fields.number('INIT_PID'),
      monitorPid: fields.number('MONITOR_PID'),
      timings,
    }
  }

  /**
   * What a reboot from inside begins with; only mounts, profiles and logs may be others than before, and all
   * of its own `next`, if it has one.
   *
   * @throws KeeperError `ERR_CONTAINER_NOT_RUNNING`
   */
  async planNext(plan: StartPlan): Promise<void> {
    await this.#connection.request('PLAN', { ITEM: encodeFrame('START', 0, encodeStart(plan)) })
  }

  /** Has a running container see a further dataset, or a device. @throws KeeperError `ERR_CONTAINER_NOT_RUNNING` */
  async mount(pool: string, id: string, mount: SubMount | TreeMount): Promise<void> {
    await this.#connection.request('MOUNT', { POOL: pool, ID: id, MOUNT: encodeMount(mount) })
  }

  /** Takes it away, wherever the container has it. One that is not there is fine. */
  async unmount(pool: string, id: string, mount: SubMount): Promise<void> {
    await this.#connection.request('UNMOUNT', { POOL: pool, ID: id, MOUNT: encodeMount(mount) })
  }

  /** What runs under that name, with a pidfd of its init (`null` while it starts); or null. */
  async lookup(pool: string, id: string): Promise<(Known & { pidfd: number | null }) | null> {
    let answer: Answer
    try {
      answer = await this.#connection.request('LOOKUP', { POOL: pool, ID: id })
    } catch (error) {
      if (error instanceof KeeperError && error.code === 'ENOENT') return null
      throw error
    }
    const pidfd = answer.fds.length === 0 ? null : one(answer.fds)
    return { ...known(answer.fields, pool, id), pidfd }
  }

  /** @param take is given the same before any event that comes after it */
  async containers(take: (all: Known[]) => void = () => {}): Promise<Known[]> {
    return await this.#connection.list('CONTAINERS', (items) => {
      const all = items.map((item) => known(item, item.text('POOL'), item.text('ID')))
      take(all)
      return all
    })
  }

  /**
   * Starts a program inside a container, held by everything that holds its init.
   *
   * @throws KeeperError `ERR_CONTAINER_NOT_RUNNING`; step `exec` with ENOENT or EACCES when the
   *   program cannot be run
   */
  async exec(plan: ExecPlan, signal?: AbortSignal): Promise<SessionStreams> {
    return streams(await this.#exec(encodeExec(plan), signal))
  }

  async #exec(fields: FieldValues, signal: AbortSignal | undefined): Promise<Answer> {
    try {
      return await this.#connection.request('EXEC', fields, signal)
    } catch (error) {
      if (!(error instanceof DescriptorsMissingError)) throw error
      // Nobody else knows of it.
      await this.abandonSession(error.answer.number('SESSION')).catch(() => undefined)
      signal?.throwIfAborted()
      throw error
    }
  }

  /**
   * As {@link exec}, but waits a moment for the program's end: then the answer holds all of its
   * output, and there is no session. Without input or terminal only.
   */
  async run(
    plan: ExecPlan,
    lingerMs: number,
    signal?: AbortSignal,
  ): Promise<Finished | SessionStreams> {
    const fields = { ...encodeExec(plan), LINGER_MS: lingerMs }
    const answer = await this.#exec(fields, signal)
    const exit = exitIn(answer.fields)
    if (exit === null || !answer.fields.has('OUTPUT')) return streams(answer)
    return { exit, stdout: answer.fields.bytes('OUTPUT'), stderr: answer.fields.bytes('ERRORS') }
  }

  /** The streams of a session once more, as after a restart of this process. */
  async openSession(session: number): Promise<SessionStreams> {
    return streams(await this.#connection.request('SESSION_OPEN', { SESSION: session }))
  }

  /** The keeper lets go of the session's streams; one that has ended is forgotten. */
  async closeSession(session: number): Promise<void> {
    await this.#connection.request('SESSION_CLOSE', { SESSION: session })
  }

  /** Kills the program, as {@link killSession}, and forgets the session at once. */
  async abandonSession(session: number): Promise<void> {
    await this.#connection.request('SESSION_CLOSE', { SESSION: session, FORCE: true })
  }

  /** Kills the program, and all that is in its cgroup of v2; the session stays, and tells how it ended. */
  async killSession(session: number): Promise<void> {
    await this.#connection.request('ABORT', { SESSION: session })
  }

  /** The program sees the end of its input once the caller has closed its descriptor too. */
  async closeStdin(session: number): Promise<void> {
    await this.#connection.request('STDIN_CLOSE', { SESSION: session })
  }

  /** The window of its terminal: what is typed from then on finds it so. */
  async resizeSession(session: number, rows: number, cols: number): Promise<void> {
    await this.#connection.request('RESIZE', { SESSION: session, ROWS: rows, COLS: cols })
  }

  async sessions(): Promise<SessionInfo[]> {
    return await this.#connection.list('SESSIONS', (items) =>
      items.map((item) => ({
        session: item.number('SESSION'),
        pool: item.text('POOL'),
        id: item.text('ID'),
        args: item.texts('ARG'),
        pid: item.number('PID'),
        tty: item.number('TTY') === 1,
        exit: exitIn(item),
      })),
    )
  }

  /**
   * A descriptor that takes keys and window sizes. What the console prints is in its log: of
   * terminal 0 nothing can be read here.
   */
  async console(pool: string, id: string, tty: number): Promise<number> {
    const which = { POOL: pool, ID: id, TTY: tty }
    const answer = await this.#connection
      .request('CONSOLE', which)
      .catch(async (error: unknown) => {
        if (error instanceof DescriptorsMissingError) await this.closeConsole(pool, id, tty)
        throw error
      })
    return one(answer.fds)
  }

  async closeConsole(pool: string, id: string, tty: number): Promise<void> {
    await this.#connection.request('CONSOLE_CLOSE', { POOL: pool, ID: id, TTY: tty })
  }

  /**
   * The content of a regular file, resolved inside the container as its root, and read as that. It is to
   * be read to its end, or destroyed.
   *
   * @throws KeeperError step `type` with what it is in `detail`, when it is something else
   */
  async openFile(target: FileTarget, path: string): Promise<OpenedFile> {
    const { fds } = await this.#connection.request('OPEN', { ...encodeTarget(target), PATH: path })
    return new OpenedFile(path, ...pipeAndSocket(fds))
  }

  /**
   * Begins to give a file new content, resolved inside the container as its root. The old one stays
   * until the commit.
   *
   * @throws KeeperError as {@link openFile}
   */
  async replaceFile(
    target: FileTarget,
    path: string,
    options: ReplaceFileOptions,
  ): Promise<Replacement> {
    const { fds } = await this.#connection.request('REPLACE', {
      ...encodeTarget(target),
      PATH: path,
      ...encodeReplace(options),
    })
    return new Replacement(path, ...pipeAndSocket(fds))
  }

  /**
   * Small edits in one go. A step that fails does not stop those after it.
   *
   * @param options flush: what is written is on the disk when this resolves
   */
  async edit(
    target: FileTarget,
    steps: readonly FileOp[],
    { flush = false }: { readonly flush?: boolean } = {},
  ): Promise<FileResult[]> {
    const answer = await this.#connection.request('EDIT', {
      ...encodeTarget(target),
      FLUSH: flush,
      ITEM: steps.map(encodeOp),
    })
    return answer.fields.items().map(decodeResult)
  }

  /** Tells LXC and its tools what they did not see. There is no event of it. */
  async tellState(pool: string, id: string, state: 'frozen' | 'running'): Promise<void> {
    await this.#connection.request('TELL_STATE', { POOL: pool, ID: id, STATE: state })
  }

  /** Mount points of containers in the keeper's namespace; none between starts. */
  async mounts(): Promise<string[]> {
    return await this.#connection.texts('MOUNTS', {}, 'PATH')
  }

  /** Unmounts those that belong to no container which runs or starts; answers which. */
  async unmountLeft(): Promise<string[]> {
    return await this.#connection.texts('MOUNTS', { FORCE: true }, 'PATH')
  }

  /**
   * What happens from now on, or since an earlier event: then with a `gap` where some is lost.
   * Ends when the keeper ends. A reader that falls far behind gets a `gap` too.
   */
  events(since?: { epoch: string; seq: number }): EventQueue<KeeperEvent> {
    return this.#events.read(since)
  }

  /**
   * Tells each event as it arrives. An answer that the keeper sent after an event is given after it,
   * too, which is not so for those who await `events()`.
   */
  listen(onEvent: (event: KeeperEvent) => void, from: 'greeting' | 'first'): void {
    this.#events.listen(onEvent, from)
  }

  /**
   * Ends the keeper; its containers go on. @throws KeeperError ERR_KEEPER_BUSY while any runs,
   * unless forced
   */
  async shutdown(options: { force?: boolean } = {}): Promise<void> {
    await this.#connection.request('SHUTDOWN', { FORCE: options.force ?? false })
  }

  /** Leaves the keeper and everything it keeps alone. */
  close(): Promise<void> {
    this.#connection.close()
    this.#events.end()
    return Promise.resolve()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}
