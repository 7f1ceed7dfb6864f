// The name that the kernel shows to a container. Pure.

const MAX = 63

/** The first part: what `/etc/hostname` of most distributions holds. */
export function shortHostname(hostname: string): string {
  return hostname.split('.')[0] ?? hostname
}

/**
 * The kernel's name for a container: its hostname when that fits, else the hostname's first part.
 * An id that serves as a hostname is cut, as it may have 100 characters.
 */
export function utsName(id: string, hostname: string | null): string {
  const name = hostname ?? hostnameOfId(id)
  return name.length <= MAX ? name : shortHostname(name).slice(0, MAX)
}

/** A valid hostname for an id, which may begin or end with what a hostname may not. */
export function hostnameOfId(id: string): string {
  const trimmed = id
    .replace(/^[-_]+/, '')
    .slice(0, MAX)
    .replace(/[-_]+$/, '')
  return trimmed === '' ? 'container' : trimmed
}
