// What the names of datasets say.

/** The zpool of a dataset, a snapshot or a bookmark. */
export function zpoolOf(name: string): string {
  return name.split(/[/@#]/, 1)[0] ?? name
}

/** The same, or below it. */
export function isWithin(name: string, root: string): boolean {
  return name === root || name.startsWith(`${root}/`)
}

/** Whether one is within the other. */
export function touches(one: string, other: string): boolean {
  return isWithin(one, other) || isWithin(other, one)
}
