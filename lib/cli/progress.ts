// How far something is that takes long, on a terminal.

import { isatty } from 'node:tty'
import type { Session } from './session.js'

const WIDTH = 30

export class Progress implements Disposable {
  readonly #shown: boolean
  #line = ''

  constructor({ quiet, json }: Session) {
    this.#shown = !quiet && !json && isatty(2)
  }

  /** @param part 0 to 1; null where the end is not known */
  show(part: number | null, text: string): void {
    if (!this.#shown) return
    const done = part === null ? 0 : Math.round(Math.min(part, 1) * WIDTH)
    const bar = part === null ? '' : `[${'#'.repeat(done)}${' '.repeat(WIDTH - done)}] `
    this.#line = `${bar}${text}`
    process.stderr.write(`\r\x1b[K${this.#line}`)
  }

  [Symbol.dispose](): void {
    if (this.#line !== '') process.stderr.write('\r\x1b[K')
  }
}
