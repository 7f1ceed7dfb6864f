// What bears names: vpsAdminOS once wrote a list of it, each entry with its `name`, and writes a map now. It reads
// both.

/** The map; null for a list of anything else. */
export function byName(list: readonly unknown[]): Readonly<Record<string, unknown>> | null {
  const entries: [string, unknown][] = []
  for (const entry of list) {
    if (typeof entry !== 'object' || entry === null || !('name' in entry)) return null
    const { name, ...rest } = entry
    if (typeof name !== 'string') return null
    entries.push([name, rest])
  }
  return Object.fromEntries(entries)
}
