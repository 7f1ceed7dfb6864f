// What the names of datasets say.

/** The zpool of a dataset, a snapshot or a bookmark. */
export function zpoolOf(name: string): string {
  return name.split(/[/@#]/, 1)[0] ?? name
}
