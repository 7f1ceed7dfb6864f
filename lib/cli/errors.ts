// What goes wrong with a command, and what to do next.

/** It was asked for in a way that makes no sense. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** There is no command or option of that name. */
export class UnknownWordError extends UsageError {
  /**
   * @param word as vpsAdminOS may have it: `ct devices`, `--skip-image`
   * @param known what might have been meant, in the same words
   */
  constructor(
    message: string,
    readonly word: string,
    readonly known: readonly string[],
  ) {
    super(message)
  }
}

/** The daemon cannot be reached. */
export class NoDaemonError extends Error {
  override readonly name = 'NoDaemonError'
  constructor(
    readonly socket: string,
    options: ErrorOptions,
  ) {
    const { code } = options.cause as NodeJS.ErrnoException
    const why =
      code === 'EACCES'
        ? 'only root may ask it'
        : 'it does not run: see `systemctl status osctld`, or begin it with `osctld`'
    super(`osctld does not answer at ${socket} (${code ?? 'unknown'}): ${why}`, options)
  }
}

/** What comes from there is not what a daemon answers. */
export class BadAnswerError extends Error {
  override readonly name = 'BadAnswerError'
  constructor(what: string) {
    super(`osctld does not answer as it should: ${what}`)
  }
}

/** The daemon says that it did not work. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError'
  readonly code: string
  constructor(readonly facts: { code: string; message: string; readonly [fact: string]: unknown }) {
    super(facts.message)
    this.code = facts.code
  }
}

/** `osctl KIND ls` lists what there is. */
const LISTED: Readonly<Record<string, string>> = {
  container: 'ct ls',
  group: 'group ls',
  'id-range': 'id-range ls',
  image: 'image ls',
  operation: 'debug operations ls',
  pool: 'pool ls',
  user: 'user ls',
}

/** What the library calls what a command does. */
const COMMANDS: Readonly<Record<string, string>> = {
  'host.pools.install()': 'osctl pool install',
  'host.recover()': 'osctl recover',
}

/** The words of the library, in those of the command line. */
export function inCommands(text: string): string {
  return text.replace(/\bhost\.[\w.]+\(\)/g, (call) => COMMANDS[call] ?? call)
}

/** What a shell says of a program that it cannot find, and of one that it cannot run. */
const NOT_FOUND = 127
const NOT_RUN = 126

/** What osctl ends with. */
export function exitCodeFor(error: unknown): number {
  if (!(error instanceof RefusedError) || error.facts.step !== 'exec') return 1
  return error.code === 'ENOENT' ? NOT_FOUND : NOT_RUN
}

/** What it says, without where in a request an argument stood. */
export function wordsOf(error: Error): string {
  const message = inCommands(error.message)
  if (!(error instanceof RefusedError) || error.code !== 'ERR_INVALID_ARGUMENT') return message
  return message.replace(/^(body|query|path)\./, '')
}

/** What to do next; null when the message says all. */
export function hintFor(error: unknown): string | null {
  if (!(error instanceof RefusedError)) return null
  const { kind, path } = error.facts
  if (path === '/dev/zfs' || /libzfs_core/.test(error.message))
    return 'without ZFS a pool is in a directory: `--path DIRECTORY`'
  switch (error.code) {
    case 'ERR_NOT_FOUND':
      if (kind === 'pool' && error.facts.id === '')
        return '`osctl pool install` makes one, `osctl pool import` takes one into use'
      return typeof kind === 'string' && kind in LISTED
        ? `\`osctl ${LISTED[kind]}\` lists those there are`
        : null
    case 'ERR_BUSY':
      return '`osctl debug locks ls` shows who has it; with --wait-lock SECONDS it is waited for'
    case 'ERR_STATE':
      if (error.facts.state === 'disabled') return '`osctl shutdown --abort` gives that up'
      if (/needs it running$/.test(error.message)) return 'start it first: `osctl ct start`'
      if (/needs it stopped$/.test(error.message)) return 'stop it first: `osctl ct stop`'
      return null
    case 'ERR_SHUTDOWN':
      return 'nothing is started; `osctl shutdown` goes on, `osctl shutdown --abort` gives it up'
    case 'ERR_CONTAINER_RUNNING':
      return 'stop it first: `osctl ct stop`'
    case 'ERR_IN_USE':
      return kind === 'container' &&
        /^process /.test(String((error.facts.users as unknown[] | undefined)?.[0]))
        ? '`osctl ct recover cleanup --force` ends what a run of it has left'
        : null
    case 'ERR_CONTAINER_NOT_RUNNING':
      return 'start it first: `osctl ct start`'
    case 'ERR_CONTAINER_START':
      return '`osctl ct log cat` shows what LXC says, `osctl ct console` what the system in it said'
    case 'ERR_CONTAINER_STOP':
      return '`osctl ct stop --kill` does not wait for it'
    case 'ERR_CONFIG_BROKEN':
      // What was given is no file.
      if (!String(path).startsWith('/')) return null
      return 'mend the file; then `osctl ct config reload`, or where that does not know it, restart osctld: what runs goes on, and pools that are not in its configuration are to be imported again'
    case 'ERR_INTERNAL':
      return 'the log of osctld has more'
    default:
      return null
  }
}
