// The short lock around a piece of state: who comes later waits for its turn.

export class Mutex {
  #turn: Promise<unknown> = Promise.resolve()

  /** Runs `work` after everything that was asked for before. */
  run<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work)
    this.#turn = turn.catch(() => undefined)
    return turn
  }
}
