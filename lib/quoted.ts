// A word as a shell takes it.

/** Between quotes, unless it has nothing that would mean something there. */
export function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}
