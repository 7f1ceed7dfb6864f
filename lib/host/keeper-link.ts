// The connection to the host's keeper. When a keeper ends, containers go on and another one is
// started, which finds them again.

import { setTimeout as sleep } from 'node:timers/promises'
import { ClosedError } from '../errors.js'
import { KeeperLostError } from '../keeper/errors.js'
import { Keeper } from '../keeper/keeper.js'
import type { KeeperOptions } from '../keeper/reach.js'
import type { KeeperEvent } from '../keeper/types.js'
import { Pidfd } from '../ns/pidfd.js'

interface LinkEvents {
  /** The first keeper: all its events after `seq` follow. */
  opened(keeper: Keeper): void
  /** An event of the keeper. */
  event(event: KeeperEvent): void
  /** A keeper after the first one: what runs must be asked anew. */
  replaced(keeper: Keeper): Promise<void>
}

const RETRY_MS = 200
/** Of one of another version, which the program on the disk cannot mend either. */
const OTHER_VERSION_MS = 5000

export class KeeperLink {
  readonly #options: KeeperOptions
  readonly #events: LinkEvents
  #current: Promise<Keeper>
  #closed = false
  #reconnecting = false

  private constructor(options: KeeperOptions, events: LinkEvents, first: Keeper) {
    this.#options = options
    this.#events = events
    this.#current = Promise.resolve(first)
    events.opened(first)
    this.#follow(first, 'greeting')
  }

  static async open(options: KeeperOptions, events: LinkEvents): Promise<KeeperLink> {
    for (;;) {
      const keeper = await Keeper.connect(options)
      await keeper.renew().catch((error: unknown) => {
        // It serves as it is.
        process.emitWarning(`the keeper stays an older one: ${String(error)}`)
      })
      // Unless it has ended of it: nobody was told yet.
      if (keeper.open) return new KeeperLink(options, events, keeper)
    }
  }

  /** The keeper that is there now, or the next one as soon as it is. */
  get keeper(): Promise<Keeper> {
    if (this.#closed) return Promise.reject(new ClosedError('host'))
    return this.#current
  }

  #follow(keeper: Keeper, from: 'greeting' | 'first'): void {
    keeper.onLost = () => {
      // Whoever connects to the next one looks whether that is still there.
      if (this.#closed || this.#reconnecting) return
      this.#current = this.#reconnect()
      this.#current.catch(() => undefined)
    }
    keeper.listen((event) => this.#events.event(event), from)
  }

  async #reconnect(): Promise<Keeper> {
    this.#reconnecting = true
    for (;;) {
      let keeper: Keeper | null = null
      try {
        keeper = await Keeper.connect(this.#options)
        // What it has found is news, too.
        this.#follow(keeper, 'first')
        await this.#events.replaced(keeper)
        if (!keeper.open) throw new KeeperLostError(this.#options.stateDir)
        this.#reconnecting = false
        return keeper
      } catch (error) {
        await keeper?.close()
        // A keeper that cannot be started now may be startable later: without memory, for example.
        process.emitWarning(`no keeper: ${error instanceof Error ? error.message : String(error)}`)
        const { code } = error as { code?: unknown }
        await sleep(code === 'ERR_KEEPER_VERSION' ? OTHER_VERSION_MS : RETRY_MS)
        if (this.#closed) throw new ClosedError('host')
      }
    }
  }

  /** Leaves the keeper alone. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    const keeper = await this.#current.catch(() => null)
    await keeper?.close()
  }

  /** Ends the keeper, and waits until it is gone. */
  async shutdown(): Promise<void> {
    const keeper = await this.#current
    this.#closed = true
    await using process = Pidfd.open(keeper.pid)
    await keeper.shutdown({ force: true })
    await process.exited()
    await keeper.close()
  }
}
