// The terminal that osctl is used at, while it is another program's.

export interface Size {
  readonly rows: number
  readonly cols: number
}

export class Terminal {
  #onResize: (() => void) | null = null

  /** Null when input or output are no terminal. */
  static ours(): Terminal | null {
    return process.stdin.isTTY && process.stdout.isTTY ? new Terminal() : null
  }

  get size(): Size {
    const { rows, columns } = process.stdout
    return { rows, cols: columns }
  }

  /** Keys are passed on as they are. */
  takeOver(onResize: () => void): void {
    process.stdin.setRawMode(true)
    this.#onResize = onResize
    process.stdout.on('resize', onResize)
  }

  restore(): void {
    if (this.#onResize === null) return
    process.stdout.off('resize', this.#onResize)
    this.#onResize = null
    process.stdin.setRawMode(false)
  }
}
