// What the bench compares: one way to start, stop and execute, under one name.

/** Nanoseconds of CLOCK_MONOTONIC, the clock that the guest's init stamps too. */
export interface Span {
  begin: number
  end: number
}

/** A container that a row has running. */
export interface Running {
  begin: number
  /** Process id of the container's init, on the host. */
  init: number
}

export interface Row {
  /** Name in the `start` case. */
  readonly who: string
  /** Names in the other cases; `null` when the row has nothing of its own to show there. */
  readonly stopWho: string | null
  readonly execWho: string | null
  start(): Promise<Running>
  stop(running: Running): Promise<Span>
  /** Runs the guest's `/bin/true` until its exit status is known. */
  exec(running: Running): Promise<Span>
}

export const now = (): number => Number(process.hrtime.bigint())
