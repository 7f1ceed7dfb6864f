// All of the terminal, while it is ours; as it was, when it is not any more.

import { Terminal, type Size } from '../terminal.js'
import { painted, type Line } from './line.js'

/** Another page than that of the shell, no cursor, and no line that goes on in the next. */
const ENTER = '\x1b[?1049h\x1b[?25l\x1b[?7l'
const CLEAR = '\x1b[2J'
const LEAVE = '\x1b[0m\x1b[?7h\x1b[?25h\x1b[?1049l'

export class Screen {
  readonly #terminal: Terminal
  readonly #onResize: () => void
  readonly #coloured: boolean
  /** What stands there. */
  #lines: readonly string[] | null = null
  #entered = false
  /** Nobody sees it any more. */
  #gone = false

  private constructor(terminal: Terminal, coloured: boolean, onResize: () => void) {
    this.#terminal = terminal
    this.#coloured = coloured
    this.#onResize = onResize
  }

  /** Null where there is no terminal, or one that can do nothing. */
  static ours(coloured: boolean, onResize: () => void): Screen | null {
    const terminal = Terminal.ours()
    const { TERM = 'dumb' } = process.env
    return terminal === null || TERM === 'dumb' ? null : new Screen(terminal, coloured, onResize)
  }

  get size(): Size {
    return this.#terminal.size
  }

  enter(): void {
    if (this.#entered) return
    this.#entered = true
    this.#terminal.takeOver(() => {
      this.forget()
      this.#onResize()
    })
    this.forget()
    this.#write(ENTER)
  }

  /** Others may have had it meanwhile. */
  takeBack(): void {
    if (this.#entered) this.#terminal.restore()
    this.#entered = false
    this.enter()
  }

  /** Also in the middle of anything, and a second time. */
  leave(): void {
    if (!this.#entered) return
    this.#entered = false
    this.#write(LEAVE)
    if (!this.#gone) this.#terminal.restore()
  }

  /** The terminal went away: nothing is written to it. */
  abandon(): void {
    this.#gone = true
  }

  /** What stands there is not known: all is drawn anew. */
  forget(): void {
    this.#lines = null
  }

  /** What has changed is written. */
  draw(lines: readonly Line[]): void {
    if (!this.#entered) return
    const { rows, cols } = this.size
    const wanted = Array.from({ length: rows }, (_, row) =>
      painted(lines[row] ?? [], cols, this.#coloured),
    )
    const before = this.#lines
    const changed = wanted.flatMap((text, row) =>
      text === before?.[row] ? [] : [`\x1b[${row + 1};1H${text}\x1b[K`],
    )
    this.#lines = wanted
    const text = `${before === null ? CLEAR : ''}${changed.join('')}`
    if (text !== '') this.#write(text)
  }

  // A terminal is written to at once: also while the process ends.
  #write(text: string): void {
    if (!this.#gone) process.stdout.write(text)
  }
}
