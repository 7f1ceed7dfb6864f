// The terminal that osctl is used at, while it is another program's.

export interface Size {
  readonly rows: number
  readonly cols: number
}

const CTRL_C = 3
export const AWAY = 'osctld has gone: waiting for the next one. Ctrl-C leaves'

/** What a terminal that is another program's says, as it cannot have a signal sent. */
export function hasCtrlC(keys: Buffer): boolean {
  return keys.includes(CTRL_C)
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
