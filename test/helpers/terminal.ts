// A terminal for a program of a test: a real one, by script(1), and what would be seen on it.
import { execFileSync, spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'
import type { Test } from 'tap'
import { until } from './keeper-host.js'

/** What this program and no other is begun and ended with: its number, and how the terminal is afterwards. */
const around = (command: string, rows: number, cols: number) =>
  `stty rows ${rows} cols ${cols}; tty; sh -c 'echo pid $$; exec ${command}'; echo "code $?"; stty -a; echo over; read _`

export class TerminalRun {
  readonly #child: ChildProcessWithoutNullStreams
  readonly #seen: Page
  #raw = ''
  readonly ended: Promise<unknown>

  /** @param command for a shell, without quotes */
  constructor(
    t: Test,
    command: string,
    env: NodeJS.ProcessEnv,
    { rows = 30, cols = 140 }: { rows?: number; cols?: number } = {},
  ) {
    this.#seen = new Page()
    this.#child = spawn('script', ['-qec', around(command, rows, cols), '/dev/null'], {
      env: { PATH: '/usr/bin:/bin', TERM: 'xterm', SHELL: '/bin/sh', ...env },
      stdio: 'pipe',
    })
    this.#child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.#raw += text
      this.#seen.write(text)
    })
    this.#child.stdin.on('error', () => undefined)
    this.ended = new Promise((resolve) => this.#child.once('close', resolve))
    t.teardown(async () => {
      this.#child.kill('SIGKILL')
      await this.ended
    })
  }

  /** All that was written, as it came. */
  get raw(): string {
    return this.#raw
  }

  /** Whether the program has a page of its own. */
  get full(): boolean {
    return this.#seen.alternate
  }

  get lines(): readonly string[] {
    return this.#seen.lines
  }

  get text(): string {
    return this.lines.join('\n')
  }

  get pid(): number {
    return Number(/pid (\d+)/.exec(this.#raw)?.[1])
  }

  type(keys: string): void {
    this.#child.stdin.write(keys)
  }

  /** Nobody is there any more. */
  hangUp(): void {
    this.#child.kill('SIGKILL')
  }

  resize(rows: number, cols: number): void {
    const [, tty = ''] = /(\/dev\/pts\/\d+)/.exec(this.#raw) ?? []
    execFileSync('stty', ['-F', tty, 'rows', String(rows), 'cols', String(cols)])
  }

  /** Fails unless that is seen in time. */
  async until(t: Test, says: RegExp): Promise<void> {
    await until(() => says.test(this.text)).catch(() => undefined)
    t.match(this.text, says)
  }

  /** Fails unless the program ends so, and has left the terminal as it was. */
  async isRestored(t: Test, code: number): Promise<void> {
    await until(() => /\nover/.test(this.#raw)).catch(() => undefined)
    t.match(this.#raw, new RegExp(`code ${code}\\r?\\n`))
    t.notOk(this.#seen.alternate, 'the page of the shell')
    t.ok(this.#seen.cursor, 'its cursor')
    t.ok(this.#seen.wraps, 'and lines that go on')
    const after = this.#raw.slice(this.#raw.lastIndexOf('code '))
    t.match(after, /[ ;]icanon/)
    t.match(after, /[ ;]echo[ ;]/)
  }
}

/** What is seen of the few things that a program says to it. */
class Page {
  alternate = false
  cursor = true
  wraps = true
  #rows: string[] = []
  #at = 0
  #rest = ''

  get lines(): readonly string[] {
    return this.#rows.map((row) => row.trimEnd())
  }

  write(text: string): void {
    // eslint-disable-next-line no-control-regex -- of a terminal
    const parts = (this.#rest + text).split(/(\x1b\[[?\d;]*[A-Za-z])/)
    this.#rest = ''
    for (const part of parts) {
      // eslint-disable-next-line no-control-regex -- of a terminal
      const [, args, verb] = /^\x1b\[([?\d;]*)([A-Za-z])$/.exec(part) ?? []
      if (verb !== undefined) this.#obey(args ?? '', verb)
      else if (part === parts.at(-1) && part.includes('\x1b')) this.#rest = part
      else this.#print(part)
    }
  }

  #obey(args: string, verb: string): void {
    if (verb === 'H') {
      this.#at = Number(args.split(';')[0] ?? 1) - 1
      this.#rows[this.#at] = ''
    } else if (verb === 'J') this.#rows = []
    else if (args === '?1049') this.alternate = verb === 'h'
    else if (args === '?25') this.cursor = verb === 'h'
    else if (args === '?7') this.wraps = verb === 'h'
  }

  #print(text: string): void {
    for (const [index, line] of text.split('\n').entries()) {
      if (index > 0) this.#rows[++this.#at] = ''
      this.#rows[this.#at] = (this.#rows[this.#at] ?? '') + line.replace('\r', '')
    }
    for (let row = 0; row < this.#rows.length; row++) this.#rows[row] ??= ''
  }
}
