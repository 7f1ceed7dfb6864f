// A disk that loses, when the power is cut, what the guest has not flushed: as real ones do, while all
// that qemu has written to a file stays in the host's memory. nbdkit keeps writes back until a flush.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { dataDisk } from './qemu.js'
import { temporaryDirectory } from './temporary.js'

export class VolatileDisk implements AsyncDisposable {
  readonly #directory = temporaryDirectory('disk')
  readonly #file = join(this.#directory, 'file')
  readonly #socket = join(this.#directory, 'socket')
  #server: ChildProcess | null = null

  constructor() {
    writeFileSync(this.#file, '')
    truncateSync(this.#file, dataDisk.size)
  }

  /** For a machine; after a cut, for the next one. */
  async drive(): Promise<string> {
    if (this.#server === null) await this.#serve()
    return `driver=nbd,server.type=unix,server.path=${this.#socket}`
  }

  async #serve(): Promise<void> {
    const args = ['--foreground', '--exit-with-parent', '--unix', this.#socket]
    const cache = ['--filter=cache', 'file', this.#file, 'cache=writeback']
    const server = spawn('nbdkit', [...args, ...cache], { stdio: ['ignore', 'ignore', 'pipe'] })
    let said = ''
    server.stderr.setEncoding('utf8').on('data', (text: string) => (said += text))
    server.on('error', (error) => (said += error.message))
    this.#server = server
    while (!existsSync(this.#socket)) {
      const ended = server.signalCode ?? server.exitCode
      if (ended !== null || server.pid === undefined) throw new Error(`nbdkit ${ended}: ${said}`)
      await sleep(5)
    }
  }

  /** What was not flushed until now is gone. Before the machine is stopped, or it would flush. */
  async cut(): Promise<void> {
    const server = this.#server
    this.#server = null
    if (server === null) return
    const ended = once(server, 'exit')
    if (server.kill('SIGKILL')) await ended
    rmSync(this.#socket, { force: true })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.cut()
    rmSync(this.#directory, { recursive: true, force: true })
  }
}
