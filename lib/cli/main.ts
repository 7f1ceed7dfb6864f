// What osctl does: finds the command that is meant, runs it, and says what went wrong.

import { paintFor } from './colors.js'
import { DaemonClient } from './daemon-client.js'
import { exitCodeFor, hintFor, UnknownWordError, UsageError, wordsOf } from './errors.js'
import { globalOptions, helpOption } from './global-options.js'
import { quoted } from '../quoted.js'
import { root } from './root.js'
import type { Session } from './session.js'
import { isBranch, step, type Found, type Leaf } from './tree.js'
import { checkArguments, cutOptions, numberIn } from './words.js'
import type { Given } from './command.js'

type Globals = Given<typeof globalOptions>

const DEFAULT_SOCKET = '/run/osctl/osctld.sock'

async function main(words: readonly string[]): Promise<number> {
  let found: Found = { node: root, path: [] }
  let coloured = true
  try {
    const { given, rest } = cutOptions(words, globalOptions)
    const globals = given as Globals
    coloured = globals.color
    if (globals.version) return await printVersion()
    let after = rest
    let help = globals.help
    while (isBranch(found.node) && !help) {
      const [word, ...more] = after
      if (word === undefined) throw new UsageError('which command?')
      help = word === '--help' || word === '-h'
      if (help) break
      if (word.startsWith('-')) throw new UsageError(`options of all commands stand first: ${word}`)
      found = step({ ...found, node: found.node }, word)
      after = more
    }
    return help ? await printHelp(found) : await run(found as Found<Leaf>, globals, words, after)
  } catch (error) {
    return await failed(error, found.path, coloured)
  }
}

async function run(
  found: Found<Leaf>,
  globals: Globals,
  words: readonly string[],
  after: readonly string[],
): Promise<number> {
  const { default: command } = await found.node.load()
  const { given, rest } = cutOptions(after, { ...command.options, help: helpOption })
  if (given.help === true) return await printHelp(found)
  checkArguments(rest, command)
  const told = words.slice(0, words.length - rest.length + command.secretFrom)
  const code = await command.run(rest, given, session(globals, ['osctl', ...told]))
  // What has nothing to say may return what the daemon has answered.
  return typeof code === 'number' ? code : 0
}

function session(globals: Globals, told: readonly string[]): Session {
  const { json, parsable, quiet, pool = null } = globals
  const socket = globals.socket ?? process.env.OSCTLD_SOCKET ?? DEFAULT_SOCKET
  return {
    daemon: new DaemonClient(socket, told.map(quoted).join(' '), patience(globals['wait-lock'])),
    json,
    parsable,
    quiet,
    paint: paintFor(process.stdout, globals.color),
    pool,
    print: (text) => void process.stdout.write(text),
    tell: (text) => {
      if (!quiet && !json) process.stderr.write(`${text}\n`)
    },
  }
}

function patience(text: string | undefined): number | 'infinity' | undefined {
  if (text === undefined || text === 'infinity') return text
  return numberIn(text, '--wait-lock')
}

async function printHelp(found: Found): Promise<number> {
  const { helpOf } = await import('./help.js')
  process.stdout.write(await helpOf(found))
  return 0
}

async function printVersion(): Promise<number> {
  const { packageVersion } = await import('../daemon/version.js')
  process.stdout.write(`osctl ${await packageVersion()}\n`)
  return 0
}

async function failed(error: unknown, path: readonly string[], coloured: boolean): Promise<number> {
  if (!(error instanceof Error)) throw error
  const hints = error instanceof UsageError ? await usageHints(error, path) : [hintFor(error)]
  const told = hints.map((hint) => (hint === null ? '' : `${hint}\n`)).join('')
  const paint = paintFor(process.stderr, coloured)
  process.stderr.write(`${paint?.('error:', 'bad') ?? 'error:'} ${wordsOf(error)}\n${told}`)
  if (process.env.OSCTL_DEBUG === 'true') process.stderr.write(`${error.stack}\n`)
  return exitCodeFor(error)
}

async function usageHints(error: UsageError, path: readonly string[]): Promise<(string | null)[]> {
  const help = `\`${['osctl', ...path].join(' ')} --help\` says how it is used`
  if (!(error instanceof UnknownWordError)) return [help]
  const { insteadOf } = await import('./instead.js')
  return [await insteadOf(error, path), help]
}

// Whoever reads only the first lines has what they want.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0)
  process.stderr.write(`error: cannot write what there is to say: ${error.message}\n`)
  process.exit(1)
})

void main(process.argv.slice(2)).then((code) => {
  process.exitCode = code
  // Where all is written, and no error of that is on its way, the daemon need not hang up first.
  setImmediate(() => {
    if (process.stdout.writableLength + process.stderr.writableLength === 0) process.exit()
  })
})
