// Names of a host's network interfaces: recognisable by their prefix, at most 15 characters.

import { createHash } from 'node:crypto'

const IFNAMSIZ_CHARACTERS = 15

/** The host's end of a container's interface. The same container always gets the same name. */
export function vethName(prefix: string, pool: string, id: string): string {
  const digest = createHash('sha256').update(`${pool}:${id}`).digest()
  const suffix = digest.readBigUInt64BE().toString(36).padStart(13, '0')
  return prefix + suffix.slice(-(IFNAMSIZ_CHARACTERS - prefix.length))
}
