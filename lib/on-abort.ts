// Who waits for a signal. Node.js takes the eleventh listener of one for a leak, and says so; but one signal
// may be given to everything that a program does. So all of us are one listener.

interface Listener {
  readonly waiting: Set<() => void>
  readonly tell: () => void
}

const listeners = new WeakMap<AbortSignal, Listener>()

/** Has `aborted` called when `signal` is; not when it was before. The answer takes that back. */
export function onAbort(signal: AbortSignal | undefined, aborted: () => void): () => void {
  if (signal === undefined) return () => undefined
  const { waiting, tell } = listeners.get(signal) ?? listen(signal)
  const one = () => aborted() // as often as it is given
  waiting.add(one)
  return () => {
    if (!waiting.delete(one) || waiting.size > 0) return
    signal.removeEventListener('abort', tell)
    listeners.delete(signal)
  }
}

function listen(signal: AbortSignal): Listener {
  const waiting = new Set<() => void>()
  const tell = () => {
    listeners.delete(signal)
    for (const one of [...waiting]) if (waiting.delete(one)) one()
  }
  const listener = { waiting, tell }
  listeners.set(signal, listener)
  signal.addEventListener('abort', tell, { once: true })
  return listener
}
