// Runs programs inside a container, confined as its init is.

import { z } from 'zod'
import { abandon } from '../abandon.js'
import {
  ExecKilledError,
  InvalidArgumentError,
  NotFoundError,
  OutputLimitError,
  StateError,
  TimeoutError,
} from '../host/errors.js'
import { checkOptions, type OperationOptions } from '../host/operation.js'
import { KeeperError } from '../keeper/errors.js'
import type { Keeper } from '../keeper/keeper.js'
import type { ExecPlan, Finished, SessionInfo, SessionStreams } from '../keeper/types.js'
import { onlyKeys, parse } from '../schema/parse.js'
import { size, type Size } from '../schema/size.js'
import { beginProgram, type RunOptions } from './begin-program.js'
import { credentialsOf, type UserOption } from './credentials.js'
import { deadline, optionalDeadline, timeoutOf } from '../host/deadline.js'
import { Output } from './output.js'
import type { ContainerRecord } from './record.js'
import { Session, sessionExit, type SessionExit } from './session.js'
import { onAbort } from '../on-abort.js'

export interface SpawnOptions extends RunOptions {
  /**
   * Added to PATH, HOME, USER, `container` and, at a terminal, TERM; `undefined` takes one of these away. Together
   * with the program and its arguments 3,500 of them at most, and 120 KiB.
   */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined
  /** Default: the user's home. */
  readonly cwd?: string | undefined
  /** A name or id inside the container; default root. */
  readonly user?: UserOption | undefined
  /** A terminal instead of three pipes. `true` is 24 rows of 80 columns. */
  readonly tty?: boolean | { readonly rows: number; readonly cols: number } | undefined
  /** False: the program's input is /dev/null. Default true. */
  readonly stdin?: boolean | undefined
  /** Aborting kills the program and what it has started, as far as that is in its cgroup. */
  readonly signal?: AbortSignal | undefined
}

/** What the output of a program is told as. */
export type ExecEncoding = 'utf8' | 'buffer'

export interface ExecOptions<E extends ExecEncoding = ExecEncoding> extends Omit<
  SpawnOptions,
  'tty' | 'stdin'
> {
  /** What the program reads; default nothing. */
  readonly stdin?: string | Uint8Array | undefined
  /**
   * Milliseconds until the program and what it has started are killed, 0 being at once; default and
   * `Infinity`: never.
   */
  readonly timeout?: number | undefined
  /**
   * Bytes of each of stdout and stderr that may come, or text like `'1 MiB'`; default 1 MiB. `Infinity`:
   * as many as there are.
   */
  readonly maxBuffer?: Size | undefined
  /** `buffer`: its output as bytes; default `utf8`, as text. That of an error is text in any case. */
  readonly encoding?: E | undefined
}

export interface ExecResult<T extends string | Buffer = string> extends SessionExit {
  readonly stdout: T
  readonly stderr: T
}

const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
const bothKeys = ['env', 'cwd', 'user', 'stdin', 'run', 'network', 'signal']
const spawnKeys = [...bothKeys, 'tty']
const execKeys = [...bothKeys, 'timeout', 'maxBuffer', 'encoding']
const DEFAULT_MAX_BUFFER = 2 ** 20
// Most programs that are run for their output end at once: then one answer says it all.
const LINGER_MS = 10
// A guest may keep even what was killed from ending, by a freezer of v1 for one.
const KILLED_MS = 1000
// Until it is heard that a container ends whose processes are being killed.
const ENDING_MS = 1000

const argument = z.string().refine((text) => !text.includes('\0'), 'must not hold NUL')
// A frame to the keeper holds 4,096 fields and 128 KiB.
const MAX_ITEMS = 3500
const MAX_BYTES = 120 * 1024
const argumentsSchema = z
  .array(argument)
  .min(1, 'must name a program')
  .refine(([program]) => program !== '', 'must name a program')
  .max(MAX_ITEMS, `must be at most ${MAX_ITEMS} arguments`)
const spawnSchema = z.object({
  env: z.record(z.string().regex(/^[^=\0]+$/, 'must be a name'), argument.optional()).optional(),
  cwd: argument.regex(/^\//, 'must be an absolute path').optional(),
  tty: z
    .union([
      z.boolean(),
      z.object({
        rows: z.number().int().min(1).max(65535),
        cols: z.number().int().min(1).max(65535),
      }),
    ])
    .optional(),
  run: z.boolean().optional(),
  network: z.boolean().optional(),
})

/** @throws StateError unless it runs, or is to; SystemError ENOENT or EACCES when the program cannot be run */
export async function spawnInContainer(
  record: ContainerRecord,
  args: readonly string[],
  options: SpawnOptions = {},
): Promise<Session> {
  onlyKeys(options, spawnKeys, 'spawn')
  const { signal } = options
  if (!['boolean', 'undefined'].includes(typeof options.stdin))
    throw new InvalidArgumentError(
      'spawn.stdin',
      'must be true or false; what it reads is written to session.stdin',
    )
  const asked = check(args, options, 'spawn')
  const { keeper, streams } = await beginProgram(record, options, signal, async () => {
    const { keeper, plan } = await prepare(record, asked, options, 'spawn')
    const streams = await keeper.exec(plan, signal).catch(async (error: unknown) => {
      throw await execError(record, error)
    })
    return { keeper, streams }
  })
  const session = openedSession(record, keeper, streams)
  if (signal !== undefined) killOnAbort(session, signal)
  return session
}

function openedSession(
  { host, programRun }: ContainerRecord,
  keeper: Keeper,
  streams: SessionStreams,
): Session {
  const session = new Session(keeper, streams, host, () => programRun.settled())
  host.closed.throwIfAborted()
  return session
}

interface Asked extends z.output<typeof spawnSchema> {
  readonly command: readonly string[]
}

function check(args: readonly string[], options: SpawnOptions, what: string): Asked {
  const command = commandOf(args, what)
  const asked = spawnOptions(options, what)
  if ((asked.tty ?? false) !== false && options.stdin === false)
    throw new InvalidArgumentError(`${what}.stdin`, 'is the terminal, where there is one')
  options.signal?.throwIfAborted()
  return { command, ...asked }
}

async function prepare(
  record: ContainerRecord,
  { command, env, cwd, tty = false }: Asked,
  options: SpawnOptions,
  what: string,
): Promise<{ keeper: Keeper; plan: ExecPlan }> {
  const { signal } = options
  signal?.throwIfAborted()
  record.assertAlive('exec')
  if (record.run.state === 'frozen') {
    throw new StateError(record.name, 'frozen', 'exec needs it thawed')
  }
  const keeper = await record.host.keeper()
  using op = record.beside('exec', { signal })
  const user = await record.withFiles(op, (where) =>
    credentialsOf(keeper, where, options.user, what),
  )
  const plan = {
    pool: record.pool.name,
    id: record.id,
    args: command,
    env: environment(user, tty !== false, env),
    cwd: cwd ?? user.home,
    home: cwd === undefined,
    uid: user.uid,
    gid: user.gid,
    groups: user.groups,
    tty: tty === true ? { rows: 24, cols: 80 } : tty === false ? null : tty,
    stdin: options.stdin ?? true,
  }
  checkSize(plan, what)
  return { keeper, plan }
}

// The schemas tell what is wrong. That nothing is, is seen in a tenth of the time.
function commandOf(args: readonly string[], what: string): readonly string[] {
  const given: unknown = args
  if (Array.isArray(given) && given.length > 0 && given.length <= MAX_ITEMS && given[0] !== '') {
    const command: readonly unknown[] = [...(given as readonly unknown[])]
    if (command.every((arg): arg is string => typeof arg === 'string' && !arg.includes('\0')))
      return command
  }
  return parse(argumentsSchema, args, `${what}.args`)
}

function spawnOptions(options: SpawnOptions, what: string): z.output<typeof spawnSchema> {
  const { env, cwd, tty, run, network } = options
  if ([env, cwd, tty, run, network].every((each) => each === undefined)) return {}
  return parse(spawnSchema, options, what)
}

function checkSize({ args, env, groups, cwd }: ExecPlan, what: string): void {
  const items = [...args, ...Object.entries(env).map(([name, value]) => `${name}=${value}`), cwd]
  const bytes = items.reduce((sum, item) => sum + Buffer.byteLength(item) + 8, 0)
  if (items.length + groups.length <= MAX_ITEMS && bytes <= MAX_BYTES) return
  const reason =
    `must be at most ${MAX_ITEMS} arguments and environment variables together with groups of the ` +
    `user, and ${MAX_BYTES} bytes with the working directory`
  throw new InvalidArgumentError(`${what}.args`, reason)
}

/**
 * @throws OutputLimitError when there is more output than `maxBuffer`
 * @throws TimeoutError with what was printed until then
 */
export async function execInContainer(
  record: ContainerRecord,
  args: readonly string[],
  options: ExecOptions = {},
): Promise<ExecResult<string | Buffer>> {
  onlyKeys(options, execKeys, 'exec')
  const { stdin, timeout, maxBuffer: given = DEFAULT_MAX_BUFFER, encoding, ...rest } = options
  if (encoding !== undefined && encoding !== 'utf8' && encoding !== 'buffer') {
    throw new InvalidArgumentError('exec.encoding', 'must be "utf8" or "buffer"')
  }
  const told = (bytes: Buffer) => (encoding === 'buffer' ? bytes : bytes.toString())
  if (stdin !== undefined && typeof stdin !== 'string' && !(stdin instanceof Uint8Array))
    throw new InvalidArgumentError('exec.stdin', 'must be text or bytes')
  const timeoutMs = timeoutOf(timeout, Infinity, 'exec.timeout')
  const maxBuffer = bytesOf(given)
  using limit = optionalDeadline(`exec in ${record.name}`, timeoutMs, options.signal)
  const spawn = { ...rest, signal: limit.signal, stdin: stdin !== undefined }
  const asked = check(args, spawn, 'exec')
  // What was printed until a short time is over is there only where nobody waits for the end first.
  const lingerMs = stdin === undefined && timeoutMs > 10 * LINGER_MS ? LINGER_MS : 0
  const { keeper, started } = await beginProgram(record, spawn, limit.signal, async () => {
    const { keeper, plan } = await prepare(record, asked, spawn, 'exec')
    const started = await keeper.run(plan, lingerMs, limit.signal).catch(async (error: unknown) => {
      throw await execError(record, error)
    })
    return { keeper, started }
  }).catch((error: unknown) => {
    throw withOutput(error, '', '')
  })
  if (!('session' in started)) {
    await record.programRun.settled()
    return finished(started, maxBuffer, told)
  }
  const session = openedSession(record, keeper, started)
  session.stdin?.end(stdin)
  const output = new Output(maxBuffer)
  // What the program has left behind may hold its output open for ever.
  const held = new AbortController()
  let killed: NodeJS.Timeout | undefined
  const giveUp = () => {
    session.abort()
    session.stdout.destroy()
    session.stderr?.destroy()
    killed = setTimeout(() => held.abort(limit.signal?.reason), KILLED_MS)
  }
  let over = false
  session.exit.then(
    () => (over = true),
    () => undefined,
  )
  onAbort(limit.signal, giveUp)
  if (limit.signal?.aborted === true) giveUp() // while it was being started
  try {
    const ended = Promise.all([
      session.exit,
      output.collect('stdout', session.stdout),
      session.stderr === null ? undefined : output.collect('stderr', session.stderr),
    ])
    const [exit] = await abandon(ended, held.signal)
    limit.signal?.throwIfAborted()
    const [stdout, stderr] = [output.bytes('stdout'), output.bytes('stderr')]
    return Object.freeze({ stdout: told(stdout), stderr: told(stderr), ...exit })
  } catch (error) {
    if (error instanceof OutputLimitError) session.abort()
    const cause: unknown = limit.signal?.aborted === true ? limit.signal.reason : error
    throw withOutput(cause, output.stdout, output.stderr)
  } finally {
    clearTimeout(killed)
    const closed = session.close()
    // What was started for it ends with it.
    if (over || limit.signal?.aborted !== true || options.run === true) await closed
  }
}

function withOutput(error: unknown, stdout: string, stderr: string): unknown {
  return error instanceof TimeoutError ? Object.assign(error, { stdout, stderr }) : error
}

// A number needs no schema, and `Infinity` is none of its sizes.
function bytesOf(given: Size): number {
  return typeof given === 'number' && given >= 0 ? given : parse(size, given, 'exec.maxBuffer')
}

function finished(
  { exit, stdout, stderr }: Finished,
  maxBuffer: number,
  told: (bytes: Buffer) => string | Buffer,
): ExecResult<string | Buffer> {
  const tooLong = stdout.length > maxBuffer ? 'stdout' : stderr.length > maxBuffer ? 'stderr' : null
  if (tooLong !== null) {
    const [out, err] = [stdout, stderr].map((all) => all.subarray(0, maxBuffer).toString())
    throw new OutputLimitError(tooLong, maxBuffer, out ?? '', err ?? '')
  }
  return Object.freeze({
    stdout: told(stdout),
    stderr: told(stderr),
    ...sessionExit(exit),
  })
}

/** Programs that were started in the container and whose end nobody has taken note of yet. */
export async function sessionsOf(
  record: ContainerRecord,
  options: OperationOptions = {},
): Promise<readonly SessionInfo[]> {
  checkOptions(options, 'sessions')
  const keeper = await abandon(record.host.keeper(), options.signal)
  const all = await abandon(keeper.sessions(), options.signal)
  return all.filter(({ pool, id }) => pool === record.pool.name && id === record.id)
}

/** @throws NotFoundError */
export async function openSession(
  record: ContainerRecord,
  session: number,
  options: OperationOptions = {},
): Promise<Session> {
  checkOptions(options, 'session')
  if (typeof session !== 'number') {
    throw new InvalidArgumentError('session', 'must be the number of one')
  }
  const known = await sessionsOf(record, options)
  if (!known.some((info) => info.session === session)) {
    throw new NotFoundError('session', String(session))
  }
  const keeper = await record.host.keeper()
  return openedSession(record, keeper, await keeper.openSession(session))
}

function environment(
  { name, home }: { name: string; home: string },
  tty: boolean,
  given: Readonly<Record<string, string | undefined>> = {},
): Record<string, string> {
  const base = { PATH: DEFAULT_PATH, HOME: home, USER: name, container: 'lxc' }
  const all = { ...base, ...(tty ? { TERM: 'xterm-256color' } : {}), ...given }
  return Object.fromEntries(
    Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined),
  )
}

function killOnAbort(session: Session, signal: AbortSignal): void {
  if (signal.aborted) session.abort()
  const forget = onAbort(signal, () => session.abort())
  session.exit.then(forget, forget)
}

// Steps that fail because of the program or its user; others may fail because the container ends.
const OWN_STEPS = new Set(['exec', 'cwd', 'user', 'streams'])

async function execError(record: ContainerRecord, error: unknown): Promise<unknown> {
  if (!(error instanceof KeeperError)) return error
  const { name, run } = record
  if (error.code === 'ERR_CONTAINER_NOT_RUNNING') {
    return new StateError(name, run.state, 'exec needs it running')
  }
  // ENOMEM: in a process namespace whose init has died there are no more numbers, fork(2).
  const gone = ['ESRCH', 'ENOENT', 'ENODEV', 'ECHILD', 'ENOMEM'].includes(error.code)
  if (!gone || (OWN_STEPS.has(error.step) && error.code !== 'ECHILD')) return error
  const ending = () =>
    new StateError(name, run.state, 'it ended while the program was started', { cause: error })
  // Its init is no more, by whose descriptor they are entered: setns(2).
  if (error.step === 'namespaces' && error.code === 'ESRCH') return ending()
  // Others are seen also when the guest does that on purpose, and then it runs on.
  using limit = deadline('', ENDING_MS)
  const ended = () => (['running', 'frozen'].includes(run.state) ? undefined : true)
  if (await run.until(ended, limit.signal).catch(() => !run.alive)) return ending()
  if (error.code !== 'ECHILD') return error
  return new ExecKilledError(record.id, error.detail, { cause: error })
}
