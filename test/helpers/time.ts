// How long something may take here: in an emulated machine it is many times longer. The lab says how
// many by TIME_FACTOR.

/** 1 on the machine itself. Above it, no figure is worth an assertion. */
export const timeFactor = Number(process.env['TIME_FACTOR'] ?? 1)

/** A limit for what fails by taking for ever. */
export function upTo(milliseconds: number): number {
  return milliseconds * timeFactor
}

/** A time that always goes by, for what has come about well before its end: no longer than it needs, as a whole suite waits for it. */
export function aWhile(milliseconds: number): number {
  return Math.min(upTo(milliseconds), milliseconds + 5000)
}
