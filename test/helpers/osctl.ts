// osctl as people run it, against a daemon of the test's own; and a count of what of it was run.
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { buffer } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'
import { globalOptions, helpOption } from '../../dist/cli/global-options.js'
import { root } from '../../dist/cli/root.js'
import { isBranch, leaves, step, type Found, type Leaf } from '../../dist/cli/tree.js'
import { cutOptions } from '../../dist/cli/words.js'
import { MACHINE } from '../../dist/image/schema.js'
import { until } from './keeper-host.js'

export const PROGRAM = fileURLToPath(new URL('../../dist/cli/osctl.cjs', import.meta.url))

/** All that says which image is meant: that of the helpers' busybox. */
export const IMAGE = `--distribution busybox --version 1 --arch ${MACHINE} --vendor default --variant default --repository local`

export interface Ran {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
  /** What it prints with `--json`. */
  readonly json: unknown
}

export class Osctl {
  readonly #socket: string
  /** `ct ls`, `ct ls --output`: as often as they were run. */
  readonly #run = new Set<string>()

  constructor(socket: string) {
    this.#socket = socket
  }

  /** @param line its words, parted by blanks; or a list of them */
  async run(line: string | readonly string[], input = ''): Promise<Ran> {
    const words = typeof line === 'string' ? line.split(' ') : line
    await this.#note(words)
    const child = this.#spawn(words)
    child.stdin.end(input)
    const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
    const [code, stdout, stderr] = await Promise.all([
      ended,
      buffer(child.stdout).then(String),
      buffer(child.stderr).then(String),
    ])
    return { code, stdout, stderr, json: parsed(stdout) }
  }

  /** One that goes on: what it prints is looked at meanwhile. */
  lines(line: string): Running {
    return this.running(line.split(' '))
  }

  running(words: readonly string[]): Running {
    void this.#note(words)
    return new Running(this.#spawn(words))
  }

  /** What it prints; fails unless it ends with 0. */
  async ok(t: Test, line: string | readonly string[], input?: string): Promise<Ran> {
    const ran = await this.run(line, input)
    t.equal(ran.code, 0, `${String(line)}: ${ran.stderr}`)
    return ran
  }

  /** Fails unless it prints this. */
  async prints(t: Test, line: string | readonly string[], text: string): Promise<void> {
    const { stdout } = await this.ok(t, line)
    t.equal(stdout, text, String(line))
  }

  /** Fails unless it ends with an error that says so. */
  async fails(
    t: Test,
    line: string | readonly string[],
    says: RegExp,
    input?: string,
  ): Promise<Ran> {
    const ran = await this.run(line, input)
    t.equal(ran.code, 1, `${String(line)}: ${ran.stdout}`)
    t.equal(ran.stdout, '', String(line))
    t.match(ran.stderr, /^error: /m, String(line))
    t.match(ran.stderr, says, String(line))
    return ran
  }

  /** Fails for each command below these, and each option of theirs, that was not run. */
  async allRun(t: Test, ...branches: readonly string[]): Promise<void> {
    for (const { node, path } of leaves({ node: root, path: [] })) {
      if (!branches.some((branch) => `${path.join(' ')} `.startsWith(`${branch} `))) continue
      const name = path.join(' ')
      const { options } = (await node.load()).default
      for (const what of [name, ...Object.keys(options).map((option) => `${name} --${option}`)]) {
        t.ok(this.#run.has(what), `${what} was run`)
      }
    }
  }

  #spawn(words: readonly string[]): ChildProcessWithoutNullStreams {
    // What tap gives its children would have it load more.
    const child = spawn(
      'env',
      ['-i', `OSCTLD_SOCKET=${this.#socket}`, 'LANG=C.UTF-8', process.execPath, PROGRAM, ...words],
      { stdio: 'pipe' },
    )
    child.stdin.on('error', () => undefined)
    return child
  }

  async #note(words: readonly string[]): Promise<void> {
    try {
      let found: Found = { node: root, path: [] }
      let { rest } = cutOptions(words, globalOptions)
      while (isBranch(found.node)) {
        found = step({ ...found, node: found.node }, rest[0] ?? '')
        rest = rest.slice(1)
      }
      const name = found.path.join(' ')
      this.#run.add(name)
      const { options } = (await (found as Found<Leaf>).node.load()).default
      const all = { ...options, help: helpOption }
      const none = cutOptions([], all).given
      for (const [option, value] of Object.entries(cutOptions(rest, all).given)) {
        if (String(value) !== String(none[option])) this.#run.add(`${name} --${option}`)
      }
    } catch {
      // It makes no sense, and is told so.
    }
  }
}

export class Running {
  readonly #child: ChildProcessWithoutNullStreams
  /** Its exit code. */
  readonly ended: Promise<number | null>
  /** What it has printed. */
  text = ''

  constructor(child: ChildProcessWithoutNullStreams) {
    this.#child = child
    this.ended = new Promise((resolve) => child.once('close', resolve))
    child.stdout.on('data', (chunk) => (this.text += String(chunk)))
    child.stderr.on('data', (chunk) => (this.text += String(chunk)))
  }

  /** Fails unless it prints that in time. */
  async until(t: Test, says: RegExp): Promise<void> {
    await until(() => says.test(this.text)).catch(() => undefined)
    t.match(this.text, says)
  }

  write(input: string): void {
    this.#child.stdin.write(input)
  }

  end(): void {
    this.#child.stdin.end()
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return null
  }
}
