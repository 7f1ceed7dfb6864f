// The name that the kernel shows to a container. Pure.

const MAX = 63

/** The first part: what `/etc/hostname` of most distributions holds. */
export function shortHostname(hostname: string): string {
  return hostname.split('.')[0] ?? hostname
}

// What is in the file of their name, or in their configuration, is the whole one.
const FULLY_QUALIFIED = new Set([
  'almalinux',
  'centos',
  'fedora',
  'gentoo',
  'guix',
  'nixos',
  'opensuse',
  'rocky',
])

/** Whether the distribution's own boot gives the kernel the whole hostname, and not its first part. */
export function isFullyQualified(distribution: string): boolean {
  return FULLY_QUALIFIED.has(distribution)
}

/**
 * The kernel's name for a container, as its distribution's own boot sets it; its first part where the
 * whole does not fit. An id that serves as a hostname is cut, as it may have 100 characters.
 */
export function utsName(id: string, hostname: string | null, distribution: string): string {
  const name = hostname ?? hostnameOfId(id)
  const whole = name.length <= MAX && isFullyQualified(distribution)
  return whole ? name : shortHostname(name).slice(0, MAX)
}

/** A valid hostname for an id, which may begin or end with what a hostname may not. */
export function hostnameOfId(id: string): string {
  const trimmed = id
    .replace(/^[-_]+/, '')
    .slice(0, MAX)
    .replace(/[-_]+$/, '')
  return trimmed === '' ? 'container' : trimmed
}
