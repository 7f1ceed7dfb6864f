// Sizes as they are typed: `512m`, `10G`.

import { UsageError } from './errors.js'

const SUFFIXES = ['', 'k', 'm', 'g', 't']

/**
 * Bytes; a suffix is a power of 1024.
 *
 * @throws UsageError
 */
export function sizeIn(text: string, what: string): number {
  const [, digits = '', suffix = ''] = /^(\d+(?:\.\d+)?)([kmgt]?)(?:i?b)?$/i.exec(text) ?? []
  if (digits === '')
    throw new UsageError(`${what} must be bytes, or like 512m or 10g, not '${text}'`)
  return Math.round(Number(digits) * 1024 ** SUFFIXES.indexOf(suffix.toLowerCase()))
}
