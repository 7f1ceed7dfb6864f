// What programs/suspended.ts says of each call.
export interface Answer {
  readonly step: string
  /** The code of its error, `ok`, or null when there was none after `limitMs`. */
  readonly outcome: string | null
  readonly message: string
  readonly tookMs: number
}
