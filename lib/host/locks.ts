// The locks of a host. Each is shared or exclusive, has holders and a queue, and is one of two kinds: the
// long ones around an operation refuse whoever comes second, and tell who holds them and since when; the
// short ones around a piece of state are waited for, first come, first served.

import { BusyError, LockOrderError } from './errors.js'
import { onAbort } from '../on-abort.js'

/**
 * From the outside in. Who holds a lock takes only such as come after it, so that no two operations can
 * wait for each other.
 */
const order = {
  pool: 'long',
  container: 'long',
  image: 'long',
  group: 'long',
  user: 'long',
  'id-range': 'long',
  settings: 'short',
  rootfs: 'short',
  table: 'short',
  machine: 'short',
} as const

export type LockKind = keyof typeof order
export type LockMode = 'shared' | 'exclusive'

const ranks = Object.keys(order) as LockKind[]

/** A lock that somebody wants. */
export interface Claim<K extends LockKind = LockKind> {
  readonly kind: K
  readonly name: string
  readonly mode: LockMode
  /** What tells it from others of its kind, where the name may change. */
  readonly key: string
}

/** @param key default: the name */
export function claim<K extends LockKind>(
  kind: K,
  name: string,
  mode: LockMode = 'exclusive',
  key = name,
): Claim<K> {
  return { kind, name, mode, key }
}

/** `container tank:web1` */
export function resourceOf({ kind, name }: Claim): string {
  return `${kind} ${name}`
}

export function isShort({ kind }: Claim): boolean {
  return order[kind] === 'short'
}

export function inOrder(a: Claim, b: Claim): number {
  const ranked = ranks.indexOf(a.kind) - ranks.indexOf(b.kind)
  return ranked !== 0 ? ranked : a.key < b.key ? -1 : a.key > b.key ? 1 : 0
}

/** @throws LockOrderError unless `next` comes after all of `held` */
export function assertOrder(held: Iterable<Claim>, next: Claim): void {
  for (const one of held) {
    if (inOrder(one, next) >= 0) throw new LockOrderError(resourceOf(one), resourceOf(next))
  }
}

/** Who holds a lock or waits for it. */
export interface LockUser {
  /** The operation: `start`; of something else than the resource: `start of container tank:web1`. */
  readonly holder: string
  /** What its caller has given as `label`. */
  readonly label: string | null
  readonly mode: LockMode
  /** Milliseconds that it has held it, or waited. */
  readonly ageMs: number
}

/** A lock that is held. One that several share is there once for each. */
export interface HeldLock extends LockUser {
  /** What is locked: `container tank:web1`. */
  readonly resource: string
  /** The process that holds it. Another one's only where the whole machine has one lock. */
  readonly pid: number
  /** Whose turn comes next is first. */
  readonly waiters: readonly LockUser[]
}

/** Who wants a lock. */
export interface Holder {
  readonly holder: string
  readonly label: string | null
}

interface Use extends Holder {
  readonly mode: LockMode
  readonly since: number
}

interface Waiter extends Use {
  readonly granted: () => void
}

interface Entry {
  readonly resource: string
  readonly held: Use[]
  readonly queue: Waiter[]
  /** Another process, which whoever holds it here still waits for. */
  outside: { readonly pid: number | null; readonly since: number } | null
}

export interface Patience {
  /** 0: it is refused at once. */
  readonly timeoutMs: number
  readonly signal: AbortSignal | undefined
}

export class Locks {
  readonly #entries = new Map<string, Entry>()

  /**
   * Takes the lock until the returned object is disposed.
   *
   * @throws BusyError naming who holds it, or comes before
   */
  take(wanted: Claim, who: Holder): Disposable {
    const entry = this.#entry(wanted)
    const use = { ...who, mode: wanted.mode, since: performance.now() }
    const other = blocker(entry, use)
    if (other !== null) throw busy(entry, other)
    return this.#hold(wanted, entry, use)
  }

  /**
   * The same, and waits for its turn.
   *
   * @throws BusyError when that takes too long; the reason of the signal
   */
  async wait(wanted: Claim, who: Holder, { timeoutMs, signal }: Patience): Promise<Disposable> {
    signal?.throwIfAborted()
    const entry = this.#entry(wanted)
    const use = { ...who, mode: wanted.mode, since: performance.now() }
    if (timeoutMs === 0 || blocker(entry, use) === null) return this.take(wanted, who)
    const held = await new Promise<Use>((resolve, reject) => {
      const over = () => {
        clearTimeout(timer)
        forget()
      }
      const leave = () => {
        over()
        entry.queue.splice(entry.queue.indexOf(waiter), 1)
        this.#next(wanted, entry)
      }
      const granted = () => {
        over()
        const mine = { ...use, since: performance.now() }
        entry.held.push(mine)
        resolve(mine)
      }
      const waiter: Waiter = { ...use, granted }
      const abort = () => {
        leave()
        reject(signal?.reason as Error)
      }
      const late = () => {
        const [first] = entry.held
        leave()
        reject(busy(entry, first ?? use))
      }
      const timer = timeoutMs === Infinity ? undefined : setTimeout(late, timeoutMs)
      const forget = onAbort(signal, abort)
      entry.queue.push(waiter)
    })
    return this.#until(wanted, entry, held)
  }

  /** Says that the holder of an exclusive lock still waits for another process; null: no more. */
  heldOutside(wanted: Claim, pid: number | null | 'nobody'): void {
    const entry = this.#entries.get(idOf(wanted))
    if (entry === undefined) return
    if (pid === 'nobody') entry.outside = null
    else entry.outside = { pid, since: entry.outside?.since ?? performance.now() }
  }

  /** Names of those of a kind that somebody holds. */
  held(kind: LockKind): readonly string[] {
    const prefix = `${kind} `
    return [...this.#entries.values()].flatMap(({ resource }) =>
      resource.startsWith(prefix) ? resource.slice(prefix.length) : [],
    )
  }

  /** Every lock that is held now, oldest first. */
  list(): readonly HeldLock[] {
    const now = performance.now()
    const shown = ({ holder, label, mode, since }: Use): LockUser =>
      Object.freeze({ holder, label, mode, ageMs: now - since })
    return [...this.#entries.values()]
      .flatMap(({ resource, held, queue, outside }) => {
        const waiters = queue.map(shown)
        if (outside === null) {
          return held.map((use) =>
            Object.freeze({ resource, ...shown(use), pid: process.pid, waiters }),
          )
        }
        const use = {
          holder: 'another process',
          label: null,
          mode: 'exclusive',
          ...outside,
        } as const
        return [
          Object.freeze({
            ...{ resource, ...shown(use), pid: outside.pid ?? 0 },
            waiters: [...held.map(shown), ...waiters],
          }),
        ]
      })
      .sort((a, b) => b.ageMs - a.ageMs)
  }

  #entry(wanted: Claim): Entry {
    const known = this.#entries.get(idOf(wanted))
    return known ?? { resource: resourceOf(wanted), held: [], queue: [], outside: null }
  }

  #hold(wanted: Claim, entry: Entry, use: Use): Disposable {
    entry.held.push(use)
    this.#entries.set(idOf(wanted), entry)
    return this.#until(wanted, entry, use)
  }

  #until(wanted: Claim, entry: Entry, use: Use): Disposable {
    return {
      [Symbol.dispose]: () => {
        const at = entry.held.indexOf(use)
        if (at === -1) return
        entry.held.splice(at, 1)
        this.#next(wanted, entry)
      },
    }
  }

  /** Those whose turn it is now. */
  #next(wanted: Claim, entry: Entry): void {
    for (let first = entry.queue[0]; first !== undefined; first = entry.queue[0]) {
      if (entry.held.some((use) => excludes(use, first))) return
      entry.queue.shift()
      first.granted()
    }
    if (entry.held.length === 0) this.#entries.delete(idOf(wanted))
  }
}

function idOf({ kind, key }: Claim): string {
  return `${kind} ${key}`
}

function excludes(a: Use, b: Use): boolean {
  return a.mode === 'exclusive' || b.mode === 'exclusive'
}

/** Who is in the way. Those who wait come first, or many who share would keep one out for ever. */
function blocker({ held, queue }: Entry, use: Use): Use | null {
  return held.find((other) => excludes(other, use)) ?? queue[0] ?? null
}

function busy({ resource }: Entry, { holder, label, since }: Use): BusyError {
  return new BusyError(resource, holder, performance.now() - since, label)
}
