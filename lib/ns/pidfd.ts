// A process by descriptor: never mistaken for another one that got the same number.
import { close } from 'node:fs'
import type { NamespaceIds } from '#native'
import { ClosedError, traced } from '../errors.js'
import { native } from '../native.js'
import { signalName, signalNumber, type SignalName } from './signal.js'
import { onAbort } from '../on-abort.js'

export type { NamespaceIds } from '#native'

/** How a process ended; one of the two is null, and both where nobody knows. */
export interface Exit {
  code: number | null
  signal: SignalName | null
}

/** wait(2)'s status in words. */
export function describeWaitStatus(status: number): Exit {
  const signal = status & 0x7f
  if (signal === 0) return { code: (status >> 8) & 0xff, signal: null }
  return { code: null, signal: signalName(signal) }
}

export class Pidfd implements AsyncDisposable {
  #fd: number | null

  private constructor(fd: number) {
    this.#fd = fd
  }

  static open(pid: number): Pidfd {
    return new Pidfd(native.ns.pidfdOpen(pid))
  }

  /** Takes over a descriptor, for example one that the keeper passed. */
  static adopt(fd: number): Pidfd {
    return new Pidfd(fd)
  }

  get fd(): number {
    if (this.#fd === null) throw new ClosedError('pidfd')
    return this.#fd
  }

  /** The number; throws `ESRCH` when the process has been reaped. */
  get pid(): number {
    return native.ns.pidfdPid(this.fd)
  }

  /**
   * False when the process is gone already.
   *
   * @throws TypeError ERR_UNKNOWN_SIGNAL for a name that is none, as `process.kill()` does
   */
  kill(signal: SignalName | number): boolean {
    const number = signalNumber(signal)
    try {
      native.ns.pidfdSendSignal(this.fd, number)
      return true
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false
      throw error
    }
  }

  /**
   * Resolves when the process ends, at once if it has. How it ended is known only where the kernel
   * tells others than the parent; `null` otherwise. Our own process stays alive meanwhile, unless
   * `persistent` is false.
   */
  async exited({
    signal,
    persistent = true,
  }: { signal?: AbortSignal; persistent?: boolean } = {}): Promise<Exit | null> {
    signal?.throwIfAborted()
    const { promise, resolve, reject } = deferred<number | null>()
    const subscription = native.ns.watchExit(this.fd, persistent, ({ waitStatus }) => {
      resolve(waitStatus)
    })
    const forget = onAbort(signal, () => reject(signal?.reason))
    try {
      const status = await promise
      return status === null ? null : describeWaitStatus(status)
    } finally {
      forget()
      native.ns.unwatch(subscription)
    }
  }

  close(): Promise<void> {
    const fd = this.#fd
    this.#fd = null
    if (fd === null) return Promise.resolve()
    return new Promise((resolve) => {
      close(fd, () => {
        resolve()
      })
    })
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

// Promise.withResolvers() is not in Node 20.
function deferred<T>(): {
  promise: Promise<T>
  resolve: (value: T) => void
  reject: (reason: unknown) => void
} {
  let resolve!: (value: T) => void
  let reject!: (reason: unknown) => void
  const promise = new Promise<T>((yes, no) => {
    resolve = yes
    reject = no
  })
  return { promise, resolve, reject }
}

/** Inode numbers of a process's namespaces; equal numbers mean the same namespace. */
export async function namespaceIds(pid: number): Promise<NamespaceIds> {
  return traced(native.ns.namespaceIds(pid))
}
