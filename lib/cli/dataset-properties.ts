// A property of a dataset as people write it, NAME=VALUE with the words of zfs, and as the daemon takes it.

import { UsageError } from './errors.js'
import { numberIn } from './words.js'

const SWITCHES: Readonly<Record<string, boolean>> = { on: true, off: false }
const SWITCHED = ['atime', 'relatime', 'delegated']
const COUNTS: Readonly<Record<string, string>> = {
  filesystem_limit: 'filesystemLimit',
  snapshot_limit: 'snapshotLimit',
}

/** By name; `none` and `inherit` are null. @throws UsageError */
export function propertiesIn(texts: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(texts.map(propertyIn))
}

function propertyIn(text: string): [string, unknown] {
  const [, name, value] = /^([^=]+)=(.+)$/s.exec(text) ?? []
  if (name === undefined || value === undefined) throw new UsageError(`'${text}' is not NAME=VALUE`)
  const none = value === 'none' || value === 'inherit'
  const count = COUNTS[name]
  if (count !== undefined) return [count, none ? null : numberIn(value, name)]
  if (none) return [name, null]
  return [name, SWITCHED.includes(name) ? (SWITCHES[value] ?? value) : value]
}
