// Steps that take back what a multi-step operation has done so far, run in reverse order.

/** One step back. It may fail; the others run all the same. */
export type UndoStep = () => unknown

/**
 * Collects the step back of every step forward. Unless {@link commit} is called, leaving the scope
 * runs them newest first.
 *
 * ```ts
 * await using undo = new Undo()
 * await mkdir(path)
 * undo.add(() => rmdir(path))
 * undo.commit()
 * ```
 */
export class Undo implements AsyncDisposable {
  #steps: UndoStep[] = []

  add(step: UndoStep): void {
    this.#steps.push(step)
  }

  /** The operation succeeded: forget how to take it back. */
  commit(): void {
    this.#steps = []
  }

  /**
   * Runs what is left. A step that fails becomes a process warning and no error: the caller is
   * already being told why the operation failed, and must be able to branch on that.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    for (let step = this.#steps.pop(); step !== undefined; step = this.#steps.pop()) {
      try {
        await step()
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error)
        process.emitWarning(`could not be undone: ${reason}`, { code: 'VPSADMINOS_UNDO' })
      }
    }
  }
}
