// Sees every exec on the machine and tells those that come from some processes and their children,
// however deep. See test/system/exec-watch.c.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { createInterface } from 'node:readline'
import type { Test } from 'tap'
import { compiled } from './programs.js'

export interface Exec {
  readonly pid: number
  /** It was in a pid namespace of its own: a guest's. */
  readonly guest: boolean
  readonly program: string
}

export class ExecWatch {
  /** Execs of the watched processes and all that they forked. */
  readonly execs: Exec[] = []
  /** Execs anywhere. */
  seen = 0
  lost = false
  readonly #tree = new Set<number>()
  readonly #child: ChildProcess
  #mark: () => void = () => undefined

  private constructor(child: ChildProcess, roots: readonly number[]) {
    this.#child = child
    for (const root of roots) for (const pid of [root, ...descendants(root)]) this.#tree.add(pid)
  }

  /** @param roots processes to watch, with what they have started until now */
  static async start(t: Test, ...roots: number[]): Promise<ExecWatch> {
    const child = spawn(compiled('system/exec-watch'), {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    t.teardown(async () => {
      child.stdin.end()
      if (child.exitCode === null) await once(child, 'exit')
    })
    const watch = new ExecWatch(child, roots)
    const lines = createInterface({ input: child.stdout })
    await new Promise<void>((resolve, reject) => {
      child.on('exit', (code) => reject(new Error(`exec-watch ended with status ${code}`)))
      lines.on('line', (line) => {
        if (line === 'ready') resolve()
        else watch.#line(line)
      })
    })
    return watch
  }

  /** Resolves when all that has happened until now is known; tells what is new, and forgets it. */
  async take(): Promise<Exec[]> {
    const told = new Promise<void>((resolve) => (this.#mark = resolve))
    this.#child.stdin?.write('mark\n')
    await told
    return this.execs.splice(0)
  }

  #line(line: string): void {
    const [what, first = '', second = '', ...rest] = line.split(' ')
    const pid = Number(first)
    if (what === 'mark') {
      this.#mark()
    } else if (what === 'lost') {
      this.lost = true
    } else if (what === 'fork') {
      // Numbers are used again.
      if (this.#tree.has(pid)) this.#tree.add(Number(second))
      else this.#tree.delete(Number(second))
    } else if (what === 'exec') {
      this.seen += 1
      if (!this.#tree.has(pid)) return
      const namespace = Number(second)
      const guest = namespace !== 0 && namespace !== statSync('/proc/self/ns/pid').ino
      this.execs.push({ pid, guest, program: rest.join(' ') })
    }
  }
}

function descendants(root: number): number[] {
  const children = new Map<number, number[]>()
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    try {
      // The name of a process may hold anything, brackets and blanks too.
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8')
      const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
      children.set(parent, [...(children.get(parent) ?? []), Number(name)])
    } catch {
      // It has ended.
    }
  }
  const below = (pid: number): number[] =>
    (children.get(pid) ?? []).flatMap((child) => [child, ...below(child)])
  return below(root)
}
