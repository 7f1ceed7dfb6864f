// Every failure of the engine that a caller can act on: one class and one literal code each.

/** What all failures of the engine have in common: a stable `code` to branch on. */
export abstract class EngineError extends Error {
  abstract readonly code: `ERR_${string}`
  override get name(): string {
    return this.constructor.name
  }
}

/** Something that was given is wrong; nothing was changed. */
export class InvalidArgumentError extends EngineError {
  readonly code = 'ERR_INVALID_ARGUMENT'
  /** @param argument where the value was, as a path: `limits.memoryLimit` */
  constructor(
    readonly argument: string,
    readonly reason: string,
    options?: ErrorOptions,
  ) {
    super(`${argument}: ${reason}`, options)
  }
}

/** The kinds of things that have a name in a pool. */
export type EntityKind =
  | 'pool'
  | 'id-range'
  | 'user'
  | 'group'
  | 'container'
  | 'image'
  | 'session'
  | 'snapshot'
  | 'dataset'
  | 'mount'
  | 'cgroup root'
  | 'operation'
  | 'stream'

export class NotFoundError extends EngineError {
  readonly code = 'ERR_NOT_FOUND'
  constructor(
    readonly kind: EntityKind,
    readonly id: string,
    hint?: string,
  ) {
    const which = id === '' ? kind : `${kind} '${id}'`
    super(`${which} not found${hint === undefined ? '' : `: ${hint}`}`)
  }
}

export class ExistsError extends EngineError {
  readonly code = 'ERR_EXISTS'
  constructor(
    readonly kind: EntityKind,
    readonly id: string,
    hint?: string,
  ) {
    super(`${kind} '${id}' already exists${hint === undefined ? '' : `: ${hint}`}`)
  }
}

/** Others depend on the thing, so it cannot go away. */
export class InUseError extends EngineError {
  readonly code = 'ERR_IN_USE'
  constructor(
    readonly kind: EntityKind,
    readonly id: string,
    readonly users: readonly string[],
  ) {
    super(
      `${kind} '${id}' is in use by ${users.slice(0, 5).join(', ')}${users.length > 5 ? '…' : ''}`,
    )
  }
}

/** Another operation holds the thing's manipulation lock. */
export class BusyError extends EngineError {
  readonly code = 'ERR_BUSY'
  /**
   * @param holder the operation: `start`
   * @param ageMs how long the holder has had the lock, in milliseconds; null when that is not known
   * @param label what the caller of the holder has given
   */
  constructor(
    readonly resource: string,
    readonly holder: string,
    readonly ageMs: number | null,
    readonly label: string | null = null,
  ) {
    const age =
      ageMs === null
        ? ''
        : `, for ${ageMs < 1000 ? `${Math.round(ageMs)} ms` : `${(ageMs / 1000).toFixed(1)} s`}`
    super(`${resource} is busy: ${holder}${label === null ? '' : ` (${label})`}${age}`)
  }
}

/** Somebody else has given it up: a start that waited for its turn, a shutdown, or an operation of osctld. */
export class CancelledError extends EngineError {
  readonly code = 'ERR_CANCELLED'
  constructor(readonly what: string) {
    super(`${what} was cancelled`)
  }
}

/** Two operations could wait for each other: a mistake in the engine, found before it does harm. */
export class LockOrderError extends EngineError {
  readonly code = 'ERR_LOCK_ORDER'
  constructor(
    readonly held: string,
    readonly wanted: string,
  ) {
    super(`the lock of ${wanted} must be taken before that of ${held}`)
  }
}

/** Another process has this host open. */
export class HostBusyError extends EngineError {
  readonly code = 'ERR_HOST_BUSY'
  /** @param pid of the holder, null when it could not be learned */
  constructor(
    readonly stateDir: string,
    readonly pid: number | null,
  ) {
    super(`host at '${stateDir}' is open in ${pid === null ? 'another process' : `process ${pid}`}`)
  }
}

/** Containers could not be stopped, or pools not let go of. Nothing is started; asked for again, it goes on. */
export class ShutdownError extends EngineError {
  readonly code = 'ERR_SHUTDOWN'
  /** What is in the way, in words. */
  readonly failures: readonly string[]
  constructor(errors: readonly Error[]) {
    super(`the host is not shut down: ${errors.map(({ message }) => message).join('; ')}`, {
      cause: errors[0],
    })
    this.failures = errors.map(({ message }) => message)
  }
}

/** The container, pool or host is in a state in which this cannot be done. */
export class StateError extends EngineError {
  readonly code = 'ERR_STATE'
  constructor(
    readonly resource: string,
    readonly state: string,
    readonly reason: string,
    options?: ErrorOptions,
  ) {
    super(`${resource} is ${state}: ${reason}`, options)
  }
}

export class TimeoutError extends EngineError {
  readonly code = 'ERR_TIMEOUT'
  /** What a program had printed until then; only `exec()` has it. */
  declare readonly stdout?: string
  declare readonly stderr?: string
  /** @param timeoutMs milliseconds that were waited */
  constructor(
    readonly operation: string,
    readonly timeoutMs: number,
  ) {
    super(`${operation} did not finish within ${timeoutMs} ms`)
  }
}

/** A file of a pool cannot be understood, or is no regular file; `line` and `column` count from 1. */
export class ConfigBrokenError extends EngineError {
  readonly code = 'ERR_CONFIG_BROKEN'
  constructor(
    readonly path: string,
    readonly reason: string,
    readonly line: number | null,
    readonly column: number | null,
    options?: ErrorOptions,
  ) {
    super(`${path}${line === null ? '' : `:${line}:${column ?? 1}`}: ${reason}`, options)
  }
}

/** The directory is not a pool. */
export class NotAPoolError extends EngineError {
  readonly code = 'ERR_NOT_A_POOL'
  constructor(
    readonly path: string,
    readonly reason: string,
  ) {
    super(`'${path}' is not a pool: ${reason}`)
  }
}

/** The pool was written by a newer version of this library. */
export class PoolFormatError extends EngineError {
  readonly code = 'ERR_POOL_FORMAT'
  constructor(
    readonly path: string,
    readonly format: number,
    readonly supported: number,
  ) {
    super(`pool '${path}' has format ${format}, at most ${supported} is understood`)
  }
}

/** Somebody other than root could look into the pool, where a guest's setuid files are real. */
export class PoolUnsafeError extends EngineError {
  readonly code = 'ERR_POOL_UNSAFE'
  constructor(
    readonly path: string,
    readonly reason: string,
  ) {
    super(`pool '${path}' is not safe: ${reason}; it must belong to root with mode 0700`)
  }
}

export class PoolReadOnlyError extends EngineError {
  readonly code = 'ERR_POOL_READ_ONLY'
  constructor(
    readonly path: string,
    options?: ErrorOptions,
  ) {
    super(`'${path}' is on a read-only filesystem`, options)
  }
}

export class PoolFullError extends EngineError {
  readonly code = 'ERR_POOL_FULL'
  /** @param quota a quota leaves no space, where the pool may have some */
  constructor(
    readonly path: string,
    options?: ErrorOptions,
    readonly quota = false,
  ) {
    super(`no space left ${quota ? 'by a quota ' : ''}for '${path}'`, options)
  }
}

/** There is no room left for the run state, which is usually in memory: `/run`. */
export class StateDirectoryFullError extends EngineError {
  readonly code = 'ERR_STATE_DIRECTORY_FULL'
  constructor(
    readonly path: string,
    options?: ErrorOptions,
  ) {
    super(`no space left for '${path}', which is run state`, options)
  }
}

/** It waits for disks that it has lost. */
export class PoolSuspendedError extends EngineError {
  readonly code = 'ERR_POOL_SUSPENDED'
  /** @param path the zpool's name */
  constructor(readonly path: string) {
    super(`zpool '${path}' is suspended, as it has lost disks: see zpool status, zpool clear`)
  }
}

/** The range has no free run of blocks that is long enough. */
export class IdRangeExhaustedError extends EngineError {
  readonly code = 'ERR_ID_RANGE_EXHAUSTED'
  constructor(
    readonly range: string,
    readonly blockCount: number,
  ) {
    super(
      `id-range '${range}' has no ${blockCount} free block${blockCount === 1 ? '' : 's in a row'}`,
    )
  }
}

/** Two users, pools or hosts would share ids of the machine. */
export class IdOverlapError extends EngineError {
  readonly code = 'ERR_ID_OVERLAP'
  constructor(
    readonly wanted: string,
    readonly taken: string,
    readonly owner: string,
  ) {
    super(`ids ${wanted} overlap ${taken} of ${owner}`)
  }
}

/** The guest wrote more than `exec()` was told to keep. */
export class OutputLimitError extends EngineError {
  readonly code = 'ERR_OUTPUT_LIMIT'
  /** @param stdout what was kept of it: at most `maxBuffer` bytes, and as much of `stderr` */
  constructor(
    readonly stream: 'stdout' | 'stderr',
    readonly maxBuffer: number,
    readonly stdout: string,
    readonly stderr: string,
  ) {
    super(`${stream} is longer than ${maxBuffer} bytes`)
  }
}

/** Who carries the output was killed: the program may have written more than was read. */
export class OutputLostError extends EngineError {
  readonly code = 'ERR_OUTPUT_LOST'
  constructor(
    readonly stream: 'stdout' | 'stderr',
    options?: ErrorOptions,
  ) {
    super(`the process that carries the ${stream} of a program was killed`, options)
  }
}

/** A program was killed before it was one: by the guest, as its container runs on. The message says how it ended. */
export class ExecKilledError extends EngineError {
  readonly code = 'ERR_EXEC_KILLED'
  /** @param how it ended, '' when nobody knows */
  constructor(
    readonly id: string,
    how: string,
    options?: ErrorOptions,
  ) {
    const what = `a program was killed inside container '${id}' while it was started`
    super(how === '' ? what : `${what}: ${how}`, options)
  }
}

/** liblxc could not start the container; `log` has its last lines about it. */
export class ContainerStartError extends EngineError {
  readonly code = 'ERR_CONTAINER_START'
  constructor(
    readonly id: string,
    readonly log: readonly string[],
    options?: ErrorOptions,
  ) {
    // liblxc names the cause first, and then everybody on the way up says that it failed.
    const first = log.find((line) => line.includes(' ERROR ')) ?? log[0]
    const reason =
      first?.replace(/^lxc \S+ \S+ ERROR +\S+ - \S+ - /, '') ??
      (options?.cause instanceof Error ? options.cause.message : 'no reason given')
    super(`container '${id}' did not start: ${reason}`, options)
  }
}

/** The init program did not obey and the caller forbade to kill it. */
export class ContainerStopError extends EngineError {
  readonly code = 'ERR_CONTAINER_STOP'
  constructor(
    readonly id: string,
    readonly timeoutMs: number,
  ) {
    super(`container '${id}' did not shut down within ${timeoutMs} ms`)
  }
}

/** The container ended, or its init failed, before it reached what was waited for. */
export class ContainerEndedError extends EngineError {
  readonly code = 'ERR_CONTAINER_ENDED'
  constructor(
    readonly id: string,
    readonly waitedFor: string,
    readonly state: string,
  ) {
    super(`container '${id}' is ${state} and will not become ${waitedFor}`)
  }
}

export class NotRootError extends EngineError {
  readonly code = 'ERR_NOT_ROOT'
  constructor(readonly operation: string) {
    super(`${operation} needs root`)
  }
}

/** This machine or this pool cannot do what was asked. */
export class UnsupportedError extends EngineError {
  readonly code = 'ERR_UNSUPPORTED'
  constructor(
    readonly feature: string,
    readonly reason: string,
    options?: ErrorOptions,
  ) {
    super(`${feature} is not possible here: ${reason}`, options)
  }
}
