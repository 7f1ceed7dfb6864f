// The library itself: what it can do, its log, and which containers it sees.
import { native } from '../native.js'
import { traced } from '../errors.js'

export type LxcLogLevel =
  'TRACE' | 'DEBUG' | 'INFO' | 'NOTICE' | 'WARN' | 'ERROR' | 'CRIT' | 'ALERT' | 'FATAL'

/** Version of the installed liblxc. Throws `LibraryMissingError` when there is none. */
export function lxcVersion(): string {
  return native.lxc.version()
}

/** Whether liblxc has a capability, by upstream's name for it: `init_pidfd`. */
export function lxcHasApiExtension(name: string): boolean {
  return native.lxc.hasApiExtension(name)
}

/** Whether liblxc knows a configuration key: `lxc.time.offset.boot`. */
export function lxcIsConfigKey(key: string): boolean {
  return native.lxc.isConfigKey(key)
}

/**
 * Appends liblxc's log of this process to a file, or with `null` keeps its end in memory, as it is
 * from the start. liblxc takes the level only once per process: before the first other call.
 */
export function setLxcLog(file: string | null, level: LxcLogLevel = 'INFO'): void {
  native.lxc.setLog(file, level)
}

/** Names of the containers that have a configuration below the path. */
export async function listDefinedLxc(lxcPath: string): Promise<string[]> {
  return await traced(native.lxc.listDefined(lxcPath))
}

/** Names of the containers that run from the path. */
export async function listActiveLxc(lxcPath: string): Promise<string[]> {
  return await traced(native.lxc.listActive(lxcPath))
}
