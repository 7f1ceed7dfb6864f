// One container as liblxc sees it.
import type { LxcConfigItem, LxcConsole, LxcHandle, LxcState } from '#native'
import { abandon } from '../abandon.js'
import { ClosedError, traced } from '../errors.js'
import { native } from '../native.js'

export type { LxcConfigItem, LxcConsole, LxcState } from '#native'

export interface LxcCallOptions {
  /** Stops the waiting. The call itself runs to its end: liblxc cannot be interrupted. */
  signal?: AbortSignal
}

/**
 * Configuration, state and descriptors of a container, below any LXC path. Calls of one container run
 * one after the other; a monitor that does not answer holds up its own container only.
 *
 * @example
 * await using ct = await LxcContainer.open('web1', '/var/lib/lxc')
 * console.log(await ct.state(), await ct.getConfig('lxc.uts.name'))
 */
export class LxcContainer implements AsyncDisposable {
  readonly #handle: LxcHandle
  #closed = false

  private constructor(
    readonly name: string,
    readonly lxcPath: string,
    handle: LxcHandle,
  ) {
    this.#handle = handle
  }

  /** Loads the configuration when there is one; a container need not exist to be opened. */
  static async open(
    name: string,
    lxcPath: string,
    { signal }: LxcCallOptions = {},
  ): Promise<LxcContainer> {
    signal?.throwIfAborted()
    // liblxc would follow the path wherever it leads.
    if (name === '' || name === '.' || name === '..' || name.includes('/')) {
      throw new TypeError(`'${name}' is not the name of a container`)
    }
    const opening = traced(native.lxc.open(name, lxcPath))
    try {
      return new LxcContainer(name, lxcPath, await abandon(opening, signal))
    } catch (error) {
      // When abandoned, nobody will ever have what is being opened.
      const dispose = (handle: LxcHandle): void => {
        native.lxc.close(handle)
      }
      opening.then(dispose, () => undefined)
      throw error
    }
  }

  #call<T>(method: (handle: LxcHandle) => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    if (this.#closed) throw new ClosedError(`lxc container '${this.name}'`)
    signal?.throwIfAborted()
    return abandon(traced(method(this.#handle)), signal)
  }

  /** Whether it has a configuration file. */
  async isDefined({ signal }: LxcCallOptions = {}): Promise<boolean> {
    return await this.#call((h) => native.lxc.isDefined(h), signal)
  }

  async state({ signal }: LxcCallOptions = {}): Promise<LxcState> {
    return await this.#call((h) => native.lxc.state(h), signal)
  }

  /** `null` when it does not run. */
  async initPid({ signal }: LxcCallOptions = {}): Promise<number | null> {
    return await this.#call((h) => native.lxc.initPid(h), signal)
  }

  /** A descriptor of the init process; the caller closes it. */
  async initPidfd({ signal }: LxcCallOptions = {}): Promise<number> {
    return await this.#call((h) => native.lxc.initPidfd(h), signal)
  }

  /** The value in memory; `null` when the key is unknown or has none. */
  async getConfig(key: string, { signal }: LxcCallOptions = {}): Promise<string | null> {
    const values = await this.#call((h) => native.lxc.getConfig(h, [key]), signal)
    return values[0] ?? null
  }

  /** Sets values in memory, in order; stops at the first that liblxc refuses. */
  async setConfig(items: readonly LxcConfigItem[], { signal }: LxcCallOptions = {}): Promise<void> {
    return await this.#call((h) => native.lxc.setConfig(h, [...items]), signal)
  }

  /** Clears these keys in memory, or with `null` the whole configuration. */
  async clearConfig(
    keys: readonly string[] | null,
    { signal }: LxcCallOptions = {},
  ): Promise<void> {
    if (keys?.length === 0) return
    return await this.#call((h) => native.lxc.clearConfig(h, [...(keys ?? [])]), signal)
  }

  /** The keys that liblxc knows, all or those below `prefix` (`lxc.net.0`). */
  async configKeys(prefix?: string, { signal }: LxcCallOptions = {}): Promise<string[]> {
    return await this.#call((h) => native.lxc.configKeys(h, prefix ?? null), signal)
  }

  /** Reads a file on top of what is in memory; without `file`, the container's own. */
  async loadConfig(file?: string, { signal }: LxcCallOptions = {}): Promise<void> {
    return await this.#call((h) => native.lxc.loadConfig(h, file ?? null), signal)
  }

  /** Writes what is in memory; without `file`, to the container's own. */
  async saveConfig(file?: string, { signal }: LxcCallOptions = {}): Promise<void> {
    return await this.#call((h) => native.lxc.saveConfig(h, file ?? null), signal)
  }

  /** What the running container was started with, as its monitor knows it. */
  async runningConfig(
    keys: readonly string[],
    { signal }: LxcCallOptions = {},
  ): Promise<(string | null)[]> {
    return await this.#call((h) => native.lxc.runningConfig(h, [...keys]), signal)
  }

  /** Of the running container's cgroup, by its monitor: `devices.allow`, with cgroups of both versions. */
  async setCgroup(key: string, value: string, { signal }: LxcCallOptions = {}): Promise<void> {
    return await this.#call((h) => native.lxc.setCgroup(h, key, value), signal)
  }

  async freeze({ signal }: LxcCallOptions = {}): Promise<void> {
    return await this.#call((h) => native.lxc.freeze(h), signal)
  }

  async unfreeze({ signal }: LxcCallOptions = {}): Promise<void> {
    return await this.#call((h) => native.lxc.unfreeze(h), signal)
  }

  /** A terminal of the running container: 0 is its console, -1 the first tty that is free. */
  async console(tty: number, { signal }: LxcCallOptions = {}): Promise<LxcConsole> {
    return await this.#call((h) => native.lxc.console(h, tty), signal)
  }

  /** What is under way ends by itself; what comes later gets `ERR_CLOSED`. */
  close(): Promise<void> {
    this.#closed = true
    native.lxc.close(this.#handle)
    return Promise.resolve()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
