// What is being done for clients: it can be looked at, and given up, by others than who asked.

import { CancelledError, ExistsError, NotFoundError } from '../host/errors.js'

export interface UnderWay {
  readonly id: string
  /** `container.start` */
  readonly call: string
  /** What the client says that it is: its command line. */
  readonly command: string | null
  /** Milliseconds since 1970. */
  readonly since: number
  /** The last that was told of how far it is. */
  readonly progress: unknown
}

export class Task implements Disposable {
  readonly #controller = new AbortController()
  readonly #end: () => void
  readonly since = Date.now()
  progress: unknown = null

  constructor(
    readonly id: string,
    readonly call: string,
    readonly command: string | null,
    end: () => void,
  ) {
    this.#end = end
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  cancel(reason: Error = new CancelledError(`${this.call}, operation ${this.id}`)): void {
    this.#controller.abort(reason)
  }

  [Symbol.dispose](): void {
    this.#end()
  }
}

export class Tasks {
  readonly #tasks = new Map<string, Task>()
  #last = 0

  /**
   * @param id what the client calls it, to give it up later; null: it is given a number
   * @throws ExistsError
   */
  begin(id: string | null, call: string, command: string | null): Task {
    if (id !== null && this.#tasks.has(id)) throw new ExistsError('operation', id)
    const task = new Task(id ?? this.#number(), call, command, () => this.#tasks.delete(task.id))
    this.#tasks.set(task.id, task)
    return task
  }

  /** Clients may have chosen numbers, too. */
  #number(): string {
    do this.#last++
    while (this.#tasks.has(String(this.#last)))
    return String(this.#last)
  }

  list(): readonly UnderWay[] {
    return [...this.#tasks.values()].map(({ id, call, command, since, progress }) => ({
      id,
      call,
      command,
      since,
      progress,
    }))
  }

  /** @throws NotFoundError when there is none, or it has ended */
  cancel(id: string): void {
    const task = this.#tasks.get(id)
    if (task === undefined) throw new NotFoundError('operation', id)
    task.cancel()
  }

  cancelAll(reason: Error): void {
    for (const task of this.#tasks.values()) task.cancel(reason)
  }
}
