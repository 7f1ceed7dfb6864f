// What a test file says of itself that is neither a pass nor a failure.

/** Why it has tested nothing, which is empty when it does not say so; null: it has tested something. */
export function whyNothing(tap: string): string | null {
  const [, count = '0', reason = ''] = /^1\.\.(\d+)(?: # (.*))?$/m.exec(tap) ?? []
  return count === '0' ? reason : null
}

/** As it is to be told beside that of others, which its giving up would end as well: a failure like any other. */
export function withoutBail(tap: string): string {
  return tap.replace(/^( *)Bail out!/gm, '$1not ok - gave up:')
}

/** The reasons for which parts of it were left out. */
export function skipsIn(tap: string): string[] {
  return tap.split('\n').flatMap((line) => / # (SKIP.*)/.exec(line)?.[1] ?? [])
}
