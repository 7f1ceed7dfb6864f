// What the lab and the agent in the guest say to each other: JSON, a message a line.

export interface RunMessage {
  readonly type: 'run'
  readonly id: number
  /** Either a program with its arguments … */
  readonly args: readonly string[]
  /** … or a module, for the Node.js that waits with tap loaded. */
  readonly module?: string
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
  readonly input?: string
}

/** Has the Node.js that waits load more than tap. */
export interface LoadMessage {
  readonly type: 'load'
  readonly module: string
}

export type ToGuest =
  | RunMessage
  | LoadMessage
  /** The clock of a restored machine is that of when it was saved. */
  | { readonly type: 'clock'; readonly seconds: number }
  /** Have a Node.js ready that has loaded the packages of tests. */
  | { readonly type: 'warm'; readonly env: Readonly<Record<string, string>> }

export interface ExitMessage {
  readonly type: 'exit'
  readonly id: number
  readonly code: number | null
  readonly signal: string | null
  /** Filesystems that had no room left at some time of the run. */
  readonly full: readonly string[]
}

export type FromGuest =
  | { readonly type: 'ready' }
  | { readonly type: 'warm'; readonly error: string | null }
  | {
      readonly type: 'output'
      readonly id: number
      readonly stream: 'stdout' | 'stderr'
      readonly data: string
    }
  | ExitMessage
