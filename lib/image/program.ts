// Runs one of the programs that archives are handled with: importing is a cold path.

import { spawn, type ChildProcessByStdio } from 'node:child_process'
import { once } from 'node:events'
import type { Readable, Writable } from 'node:stream'
import { ImageToolMissingError } from './errors.js'

/** Which Debian package a program is from. */
const packages = { tar: 'tar', xz: 'xz-utils', zstd: 'zstd' } as const

const MAX_COMPLAINT = 4096

/** A running program. Leaving the scope kills it and waits until it is gone. */
export class Program implements AsyncDisposable {
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>
  readonly #closed: Promise<number>
  #complaint = ''

  private constructor(child: ChildProcessByStdio<Writable, Readable, Readable>) {
    this.#child = child
    this.#closed = new Promise((resolve) => {
      child.once('close', (code) => {
        resolve(code ?? -1)
      })
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#complaint = (this.#complaint + text).slice(-MAX_COMPLAINT)
    })
    // A program that ends early says why by its status; the broken pipe adds nothing.
    child.stdin.on('error', () => undefined)
  }

  /** @throws ImageToolMissingError */
  static async start(name: keyof typeof packages, args: readonly string[]): Promise<Program> {
    const child = spawn(name, args, {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { PATH: process.env['PATH'], LC_ALL: 'C' },
    })
    // What could not be started, for want of descriptors, has no streams either.
    try {
      await once(child, 'spawn')
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : undefined
      throw code === 'ENOENT' ? new ImageToolMissingError(name, packages[name]) : error
    }
    return new Program(child)
  }

  get stdout(): Readable {
    return this.#child.stdout
  }

  /** The end of what it wrote to its standard error. */
  get complaint(): string {
    return this.#complaint.trim()
  }

  /** Waits while the program has enough to read. False when it reads no more. */
  async write(chunk: Buffer): Promise<boolean> {
    const { stdin } = this.#child
    if (!stdin.writable) return false
    if (stdin.write(chunk)) return true
    await new Promise<void>((resolve) => {
      const done = (): void => {
        stdin.off('drain', done).off('close', done)
        resolve()
      }
      stdin.on('drain', done).on('close', done)
    })
    return stdin.writable
  }

  /** Says that no more comes, and waits for the status; -1 after a signal. */
  async finish(): Promise<number> {
    this.#child.stdin.end()
    this.#child.stdout.resume()
    return this.#closed
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null)
      this.#child.kill('SIGKILL')
    this.#child.stdin.destroy()
    this.#child.stdout.destroy()
    await this.#closed
  }
}
