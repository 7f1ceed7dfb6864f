// How a command ends that has no result: its machine is gone, or it has taken too long.

export interface Output {
  readonly stdout: string
  readonly stderr: string
}

/** The line is broken: the machine or its agent has ended. */
export class GoneError extends Error {
  override readonly name: string = 'GoneError'

  /** @param output what had come until then */
  constructor(
    readonly reason: string,
    readonly output: Output = { stdout: '', stderr: '' },
    readonly consoleTail = '',
  ) {
    super(consoleTail === '' ? reason : `${reason}. The end of the console:\n${consoleTail}`)
  }
}

/** It has taken too long, and was ended together with its machine. */
export class LateError extends GoneError {
  override readonly name = 'LateError'
}
