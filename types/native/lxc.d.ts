// native/lxc/binding.cc: liblxc, as far as it can be used beside other threads; starting and
// attaching fork, so they are the keeper's. What takes a container may wait for its monitor: it is on
// the slow lane, in the container's own queue. The rest is inline or slow, as it says.

/** Handle of an opened container. */
export interface LxcHandle {
  readonly __native: 'lxc container'
}

export type LxcState =
  'STOPPED' | 'STARTING' | 'RUNNING' | 'STOPPING' | 'ABORTING' | 'FREEZING' | 'FROZEN' | 'THAWED'

/** Failures say one of these: `ERR_LXC_FREEZE`. */
export type LxcVerb =
  | 'open'
  | 'state'
  | 'init_pidfd'
  | 'set_config'
  | 'clear_config'
  | 'config_keys'
  | 'load_config'
  | 'save_config'
  | 'set_cgroup'
  | 'freeze'
  | 'unfreeze'
  | 'console'
  | 'list'

export interface LxcConfigItem {
  key: string
  value: string
}

/** Both descriptors are the caller's. */
export interface LxcConsole {
  tty: number
  /** Our end of the terminal. */
  ptx: number
  /** While it is open, nobody else is given the terminal. */
  allocation: number
}

export interface Lxc {
  /** Inline; opens the library when it is the first call. */
  version(): string
  /** Inline. */
  hasApiExtension(name: string): boolean
  /** Inline. */
  isConfigKey(key: string): boolean
  /** Inline. `null`: in memory. liblxc takes the level once per process. */
  setLog(file: string | null, level: string): void
  /** Slow. */
  listDefined(lxcPath: string): Promise<string[]>
  /** Slow. */
  listActive(lxcPath: string): Promise<string[]>
  /** Slow. Loads the configuration when there is one. */
  open(name: string, lxcPath: string): Promise<LxcHandle>
  /** Inline; closing twice is fine, and what is under way is not interrupted. */
  close(container: LxcHandle): void
  isDefined(container: LxcHandle): Promise<boolean>
  state(container: LxcHandle): Promise<LxcState>
  /** `null` when it does not run. */
  initPid(container: LxcHandle): Promise<number | null>
  /** The descriptor is the caller's. */
  initPidfd(container: LxcHandle): Promise<number>
  /** In the order of the keys; `null` for a key that is unknown or has no value. */
  getConfig(container: LxcHandle, keys: string[]): Promise<(string | null)[]>
  /** Stops at the first item that is refused. */
  setConfig(container: LxcHandle, items: LxcConfigItem[]): Promise<void>
  /** No keys: everything. */
  clearConfig(container: LxcHandle, keys: string[]): Promise<void>
  /** `null`: all keys. */
  configKeys(container: LxcHandle, prefix: string | null): Promise<string[]>
  /** `null`: the container's own file. */
  loadConfig(container: LxcHandle, file: string | null): Promise<void>
  /** `null`: the container's own file. */
  saveConfig(container: LxcHandle, file: string | null): Promise<void>
  /** What the running container was started with; `null` where its monitor has no answer. */
  runningConfig(container: LxcHandle, keys: string[]): Promise<(string | null)[]>
  /** Of the running one's cgroup, by its monitor: `devices.allow` of both versions. */
  setCgroup(container: LxcHandle, key: string, value: string): Promise<void>
  freeze(container: LxcHandle): Promise<void>
  unfreeze(container: LxcHandle): Promise<void>
  /** -1: the first terminal that is free; 0: the console. */
  console(container: LxcHandle, tty: number): Promise<LxcConsole>
}
