// A virtual machine: booted or restored, told to run commands, saved, and gone when we are.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { AgentConnection, type Exit, type RunOptions } from './agent-connection.js'
import { qemuArguments, type Hardware } from './qemu.js'
import { Qmp } from './qmp.js'

export class Machine {
  readonly #directory = mkdtempSync(join(tmpdir(), 'vpsadminos-vm-'))
  readonly #process: ChildProcess
  #agent!: AgentConnection
  #qmp!: Qmp
  #said = ''
  /** Resolves when qemu has ended, of itself or by us. */
  readonly ended: Promise<void>

  private constructor(hardware: Hardware, more: readonly string[]) {
    const args = [...qemuArguments(hardware, this.#directory), ...more]
    // Also when we are killed.
    const qemu = ['--pdeathsig', 'KILL', '--', 'qemu-system-x86_64', ...args]
    this.#process = spawn('setpriv', qemu, { stdio: ['ignore', 'ignore', 'pipe'] })
    this.#process.stderr?.on('data', (data: Buffer) => (this.#said += data.toString()))
    const kill = (): void => void this.#process.kill('SIGKILL')
    process.on('exit', kill)
    this.ended = new Promise((resolve) => {
      this.#process.once('error', (error) => {
        this.#said += error.message
        resolve()
      })
      this.#process.once('exit', () => {
        process.off('exit', kill)
        resolve()
      })
    })
  }

  static async #start(hardware: Hardware, more: readonly string[] = []): Promise<Machine> {
    const machine = new Machine(hardware, more)
    try {
      machine.#agent = new AgentConnection(await machine.#dial('lab'))
      machine.#qmp = new Qmp(await machine.#dial('qmp'))
      await machine.#qmp.execute('qmp_capabilities')
      return machine
    } catch (error) {
      await machine.stop()
      throw error
    }
  }

  /** Resolves when commands can be run in it. */
  static async boot(hardware: Hardware, { limitMs = 240_000 } = {}): Promise<Machine> {
    const machine = await Machine.#start(hardware)
    const limit = new AbortController()
    const reached = await Promise.race([
      machine.#agent.ready.then(() => true),
      machine.ended.then(() => false),
      sleep(limitMs, false, { signal: limit.signal }),
    ])
    limit.abort()
    if (reached) return machine
    const tail = machine.consoleTail()
    await machine.stop()
    throw new Error(`the machine did not come up. The end of its console:\n${tail}`)
  }

  /** The hardware must be that of the machine that was saved. */
  static async restore(hardware: Hardware, state: string): Promise<Machine> {
    const machine = await Machine.#start(hardware, ['-incoming', 'defer'])
    try {
      await machine.#qmp.execute('migrate-incoming', { uri: `exec:cat '${state}'` })
      while ((await machine.#qmp.execute('query-status'))['status'] === 'inmigrate') await sleep(10)
      await machine.#qmp.execute('cont')
      machine.#agent.setClock(Date.now() / 1000)
      return machine
    } catch (error) {
      await machine.stop()
      throw error
    }
  }

  /** Ends it, with its state in a file. */
  async save(state: string): Promise<void> {
    await this.#qmp.execute('stop')
    await this.#qmp.execute('migrate', { uri: `exec:cat >'${state}'` })
    for (;;) {
      const { status } = await this.#qmp.execute('query-migrate')
      if (status === 'completed') break
      if (status === 'failed') throw new Error(`the machine could not be saved: ${this.#said}`)
      await sleep(20)
    }
    await this.stop()
  }

  run(args: readonly string[], options: RunOptions = {}): Promise<Exit> {
    return this.#agent.run(args, options)
  }

  /** Runs it in the Node.js that was made warm, or else in a new one. */
  runModule(path: string, options: RunOptions = {}): Promise<Exit> {
    return this.#agent.run([], options, path)
  }

  /** Has a Node.js with tap loaded wait for `runModule`. */
  warm(env: Readonly<Record<string, string>>): Promise<void> {
    return this.#agent.warm(env)
  }

  /** What the kernel and init wrote. */
  console(): string {
    try {
      return readFileSync(join(this.#directory, 'console'), 'utf8').replaceAll('\r', '')
    } catch {
      return ''
    }
  }

  /** Its end, or what is around a panic; with qemu's own complaints. */
  consoleTail(lines = 25): string {
    const text = [this.console().trimEnd(), this.#said.trimEnd()]
      .filter(Boolean)
      .join('\n')
      .split('\n')
    const panic = text.findIndex((line) => line.includes('Kernel panic'))
    return (
      panic < 0 ? text.slice(-lines) : text.slice(Math.max(0, panic - 5)).slice(0, lines)
    ).join('\n')
  }

  /** Cuts the power. */
  async stop(): Promise<void> {
    this.#process.kill('SIGKILL')
    await this.ended
    rmSync(this.#directory, { recursive: true, force: true })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  async #dial(name: string): Promise<Socket> {
    for (;;) {
      const socket = connect(join(this.#directory, name))
      try {
        await once(socket, 'connect')
        return socket
      } catch (error) {
        if (this.#process.exitCode !== null || this.#process.signalCode !== null) {
          throw new Error(`qemu has ended: ${this.#said}`, { cause: error })
        }
        await sleep(10)
      }
    }
  }
}
