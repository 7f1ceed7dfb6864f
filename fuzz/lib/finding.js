// What every fuzz target in this folder needs: what counts as a finding, and an input taken apart.

const BASE_MS = 1000
const MS_PER_KIB = 25

/**
 * A finding, unless it holds.
 *
 * @param {unknown} condition
 * @param {string} what
 * @returns {asserts condition}
 */
export function check(condition, what) {
  if (!condition) throw new Error(`not so: ${what}`)
}

/**
 * Runs what is tried. Errors of the expected classes are answers as well; everything else is a finding.
 *
 * @template T
 * @param {() => T} run
 * @param {...(new (...args: never[]) => Error)} expected
 * @returns {T | null}
 */
export function unless(run, ...expected) {
  try {
    return run()
  } catch (error) {
    if (expected.some((type) => error instanceof type)) return null
    throw error
  }
}

/**
 * A finding, when it takes more of a processor than the size of the input explains. A slow run is tried
 * again: it may have been the compiler's, or the garbage collector's.
 *
 * @template T
 * @param {number} size
 * @param {() => T} run
 * @returns {T}
 */
export function quickly(size, run) {
  const bound = BASE_MS + (size / 1024) * MS_PER_KIB
  for (let tries = 0; ; tries++) {
    const start = process.cpuUsage()
    const result = run()
    const { user, system } = process.cpuUsage(start)
    const took = (user + system) / 1000
    if (took <= bound) return result
    if (tries === 2) throw new Error(`${size} bytes took ${Math.round(took)} ms`)
  }
}

/** Takes an input apart from its beginning on; at its end there are zeros and empty texts. */
export class Input {
  /** @param {Buffer} data */
  constructor(data) {
    this.rest = data
  }
  get empty() {
    return this.rest.length === 0
  }
  byte() {
    const value = this.rest[0] ?? 0
    this.rest = this.rest.subarray(1)
    return value
  }
  /** @param {number} below */
  number(below) {
    return ((this.byte() << 16) | (this.byte() << 8) | this.byte()) % below
  }
  /** Up to the next zero byte, which goes with it. */
  piece() {
    const end = this.rest.indexOf(0)
    const found = end === -1 ? this.rest : this.rest.subarray(0, end)
    this.rest = this.rest.subarray(found.length + 1)
    return found
  }
  text() {
    return this.piece().toString()
  }
  /**
   * @template T
   * @param {readonly T[]} values
   * @returns {T}
   */
  pick(values) {
    const value = values[this.byte() % values.length]
    return /** @type {T} */ (value)
  }
}
