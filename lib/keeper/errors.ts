// How the keeper's refusals look to a caller.
import { constants } from 'node:os'
import { SystemError } from '../errors.js'
import type { Fields } from './protocol.js'

/** The keeper could not do what it was asked for. `code` is its own where it has one, else errno's. */
export class KeeperError extends SystemError {
  /** Which step failed: `rootfs`, `cgroup`, `lxc`, `exec`, … */
  readonly step: string
  /** What else is known, such as the end of the container's log. */
  readonly detail: string
  readonly #code: string

  constructor(fields: Fields) {
    super(fields.number('ERRNO'), fields.text('SYSCALL'), fields.text('PATH'))
    this.step = fields.text('STEP')
    this.detail = fields.text('DETAIL')
    this.#code = fields.text('CODE')
    if (this.#code !== '') Object.defineProperty(this, 'code', { value: this.#code })
    if (this.step !== '') this.message += ` (${this.step})`
    if (this.detail !== '') this.message += `\n${this.detail}`
  }
  override get name(): string {
    return 'KeeperError'
  }
}

/** What it is to be told is more than it takes at once: E2BIG. */
export class FrameSizeError extends SystemError {
  /** @param limit what there may be of what */
  constructor(limit: string) {
    super(constants.errno.E2BIG, 'sendmsg')
    this.message += `: the keeper takes ${limit} at once`
  }
  override get name(): string {
    return 'FrameSizeError'
  }
}

/** This process may not have as many descriptors as there are in an answer: EMFILE. */
export class DescriptorsMissingError extends SystemError {
  /** @param answer what else is in it */
  constructor(readonly answer: Fields) {
    super(constants.errno.EMFILE, 'recvmsg')
  }
}

/** Codes of a container that does not run any more. */
const NOT_RUNNING: ReadonlySet<string> = new Set(['ESRCH', 'ERR_CONTAINER_NOT_RUNNING'])

/** Whether the keeper says so of a container. */
export function isNotRunning(error: unknown): error is KeeperError {
  return error instanceof KeeperError && NOT_RUNNING.has(error.code)
}

/** The connection to the keeper ended while an answer was awaited. */
export class KeeperLostError extends Error {
  readonly code = 'ERR_KEEPER_LOST'
  constructor(readonly stateDir: string) {
    super(`the keeper of ${stateDir} has gone`)
  }
  override get name(): string {
    return 'KeeperLostError'
  }
}

/** No keeper could be started. The message carries what it wrote. */
export class KeeperStartError extends Error {
  readonly code = 'ERR_KEEPER_START'
  override get name(): string {
    return 'KeeperStartError'
  }
}
