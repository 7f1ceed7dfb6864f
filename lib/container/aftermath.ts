// What follows the end of a run by itself, one after the other: whoever begins something with the container waits for
// it, and whoever has ended the run is told what has kept it from being done.

export class Aftermath {
  #work: Promise<void> = Promise.resolve()
  /** Until somebody was told. */
  #failure: Error | null = null

  /** @param failed is told why it could not be; answers whether that is to be told */
  add(work: () => Promise<void>, failed: (error: Error) => boolean): void {
    const before = this.#work
    const next = async (): Promise<void> => {
      await before
      try {
        await work()
      } catch (cause) {
        const error = cause instanceof Error ? cause : new Error(String(cause))
        if (failed(error)) this.#failure = error
      }
    }
    this.#work = next()
  }

  /** All of it is done, or cannot be done now. */
  settled(): Promise<void> {
    return this.#work
  }

  /** The same, for who has ended the run. @throws what has kept it from being done */
  async finished(): Promise<void> {
    await this.#work
    const error = this.#failure
    this.#failure = null
    if (error !== null) throw error
  }

  /** It is tried again. */
  forget(): void {
    this.#failure = null
  }
}
