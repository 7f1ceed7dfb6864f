// What liblxc could not do, with its own words from its log.
import type { LxcVerb } from '#native'

export type LxcErrorCode = `ERR_LXC_${Uppercase<LxcVerb>}`

// "lxc web1 20260101120000.000 ERROR    freezer - ../src/freezer.c:do_freeze:46 - Failed to …"
const errorLine = /^\S+ .*? ERROR +\S+ - \S+ - (.*)$/

function reasons(log: readonly string[]): string {
  const said = log.map((line) => errorLine.exec(line)?.[1]).filter((text) => text !== undefined)
  return said.length === 0 ? 'liblxc gives no reason' : [...new Set(said)].join('; ')
}

/** A call of liblxc failed. The library gives only `false`; its log may say why. */
export class LxcError extends Error {
  readonly code: LxcErrorCode

  /** Made by the addon. */
  constructor(
    readonly verb: LxcVerb,
    /** The container's name, `''` when the call was about none. */
    readonly container: string,
    /** The configuration key or the path that it was about, or `''`. */
    readonly object: string,
    /** The last lines that liblxc logged meanwhile, oldest first. */
    readonly log: readonly string[],
  ) {
    const subject = [object, container === '' ? '' : `container '${container}'`]
    const words = verb.replaceAll('_', ' ')
    super(`lxc ${words}: ${[...subject, reasons(log)].filter((part) => part !== '').join(': ')}`)
    this.code = `ERR_LXC_${verb.toUpperCase() as Uppercase<LxcVerb>}`
  }
  override get name(): string {
    return 'LxcError'
  }
}
