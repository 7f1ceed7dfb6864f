// The addon that makes two of a Node.js: a process of its own that does not load the engine again, which takes an
// emulated processor some seconds.
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

interface Forking {
  /** 0 in the child, which is killed after as many seconds. */
  readonly fork: (seconds: number) => number
  /** Waits; a negative number is that of the signal. */
  readonly ended: (pid: number) => number
  readonly pid: () => number
  readonly exit: (status: number) => never
}

const path = fileURLToPath(new URL('../../out/Debug/forking.node', import.meta.url))

export function loadForking(): Forking {
  return createRequire(import.meta.url)(path) as Forking
}
