// A virtual machine: booted or restored, told to run commands, saved, and gone when we are.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, rmSync, statSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { AgentConnection, type Exit, type RunOptions } from './agent-connection.js'
import { GoneError, LateError, type Output } from './gone.js'
import { qemuArguments, type Hardware } from './qemu.js'
import { Qmp } from './qmp.js'
import { temporaryDirectory } from './temporary.js'

// On a real machine: for everything that does not say how long it may take.
const defaultLimitMs = 30_000

export interface MachineRunOptions extends RunOptions {
  /** After it the machine is stopped. */
  readonly limitMs?: number
}

export class Machine {
  readonly #directory = temporaryDirectory('machine')
  readonly #process: ChildProcess
  readonly #limitMs: number
  #agent!: AgentConnection
  #qmp!: Qmp
  #said = ''
  #stopped = false
  /** Resolves when qemu has ended, of itself or by us. */
  readonly ended: Promise<void>

  private constructor(hardware: Hardware, more: readonly string[]) {
    this.#limitMs = defaultLimitMs * hardware.accelerator.timeFactor
    const args = [...qemuArguments(hardware, this.#directory), ...more]
    // Also when we are killed.
    const qemu = ['--pdeathsig', 'KILL', '--', 'qemu-system-x86_64', ...args]
    this.#process = spawn('setpriv', qemu, { stdio: ['ignore', 'ignore', 'pipe'] })
    this.#process.stderr?.setEncoding('utf8').on('data', (text: string) => (this.#said += text))
    const kill = (): void => void this.#process.kill('SIGKILL')
    process.on('exit', kill)
    this.ended = new Promise((resolve) => {
      this.#process.once('error', (error) => (this.#said += error.message))
      // What it said is complete by then.
      this.#process.once('close', (code, signal) => {
        process.off('exit', kill)
        if (!this.#stopped && code !== 0) this.#said += `qemu ended with ${signal ?? code}`
        resolve()
      })
    })
  }

  static async #start(
    how: string,
    hardware: Hardware,
    more: readonly string[],
    begin: (machine: Machine) => Promise<void>,
  ): Promise<Machine> {
    const machine = new Machine(hardware, more)
    try {
      await machine.#within(
        how,
        machine.#connect().then(() => begin(machine)),
      )
      return machine
    } catch (error) {
      await machine.stop()
      throw error
    }
  }

  /** Resolves when commands can be run in it. */
  static boot(hardware: Hardware): Promise<Machine> {
    return Machine.#start('to boot', hardware, [], (machine) => machine.#agent.ready)
  }

  /** The hardware must be that of the machine that was saved. */
  static async restore(hardware: Hardware, state: string): Promise<Machine> {
    // qemu waits for ever for the beginning of what has none.
    if (statSync(state).size === 0) throw new Error(`${state} is empty`)
    return Machine.#start('to restore', hardware, ['-incoming', 'defer'], async (machine) => {
      await machine.#qmp.execute('migrate-incoming', { uri: `exec:cat '${state}'` })
      while ((await machine.#qmp.execute('query-status'))['status'] === 'inmigrate') await sleep(10)
      await machine.#qmp.execute('cont')
      machine.#agent.setClock(Date.now() / 1000)
    })
  }

  /** Ends it, with its state in a file, which is whole or not there. */
  async save(state: string): Promise<void> {
    await this.#within('to save', this.#save(state))
    await this.stop()
  }

  async #save(state: string): Promise<void> {
    await this.#qmp.execute('stop')
    const write = `cat >'${state}.part' && mv '${state}.part' '${state}'`
    await this.#qmp.execute('migrate', { uri: `exec:${write}` })
    for (;;) {
      const { status } = await this.#qmp.execute('query-migrate')
      // The shell may still be writing then; and without qemu it would end well with half of it.
      if (status === 'completed' && existsSync(state)) return
      if (status === 'failed') throw new Error(`the machine could not be saved: ${this.#said}`)
      await sleep(20)
    }
  }

  run(args: readonly string[], options: MachineRunOptions = {}): Promise<Exit> {
    const what = args.join(' ').trim().slice(0, 60)
    return this.#command(what, this.#agent.run(args, options), options)
  }

  /** What a script of sh(1) prints, without the space around it. Rejects when any of its commands fails. */
  async shell(script: string, options: MachineRunOptions = {}): Promise<string> {
    const { code, stdout, stderr } = await this.run(['sh', '-ec', script], options)
    if (code !== 0) throw new Error(`${script.trim()}: ${code}: ${stdout}${stderr}`)
    return stdout.trim()
  }

  /** Runs it in the Node.js that was made warm, or else in a new one. */
  runModule(path: string, options: MachineRunOptions = {}): Promise<Exit> {
    return this.#command(path, this.#agent.run([], options, path), options)
  }

  /** Has a Node.js with the packages of tests loaded wait for `runModule`. */
  warm(env: Readonly<Record<string, string>>): Promise<void> {
    return this.#within('to load the packages', this.#agent.warm(env))
  }

  /** Has it load a module as well. */
  load(module: string): Promise<void> {
    return this.#within(`to load ${module}`, this.#agent.load(module))
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
    if (panic < 0) return text.slice(-lines).join('\n')
    // What the kernel died of stands before its registers, and those before its last words.
    const cause = text.slice(0, panic).findLastIndex((line) => /BUG:|Oops|fault:|opcode/.test(line))
    const from = cause >= 0 && panic - cause < 80 ? cause : Math.max(0, panic - 5)
    return text.slice(from, Math.max(from + lines, panic + 3)).join('\n')
  }

  /** Cuts the power. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#process.kill('SIGKILL')
    await this.ended
    rmSync(this.#directory, { recursive: true, force: true })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  #command(what: string, work: Promise<Exit>, { limitMs }: MachineRunOptions): Promise<Exit> {
    return this.#within(what, work, limitMs, async () => `; ${await this.#whatRuns()}`)
  }

  /** Nothing that a guest does or does not do makes us wait for ever, and its last words are told. */
  async #within<T>(
    what: string,
    work: Promise<T>,
    limitMs = this.#limitMs,
    more = async (): Promise<string> => '',
  ): Promise<T> {
    const timer = new AbortController()
    const late = sleep(limitMs, null, { signal: timer.signal }).catch(() => null)
    try {
      const done = await Promise.race([work.then((value) => ({ value })), late])
      if (done !== null) return done.value
    } catch (error) {
      if (!(error instanceof GoneError)) throw error
      // The kernel's last words are written before qemu ends, which follows when the line breaks.
      await Promise.race([this.ended, sleep(5000, null, { ref: false })])
      throw new GoneError(error.reason, error.output, this.consoleTail())
    } finally {
      timer.abort()
    }
    const reason = `${what}: did not end in ${limitMs / 1000} s${await more()}`
    const consoleTail = this.consoleTail()
    // Which ends the work too.
    await this.stop()
    const output = await work.then(
      (done) => outputIn(done),
      (error: unknown) => (error instanceof GoneError ? error.output : undefined),
    )
    throw new LateError(reason, output, consoleTail)
  }

  async #whatRuns(): Promise<string> {
    const list =
      'ps -e -o pid= -o ppid= -o stat= -o wchan:20= -o args= | grep -v "\\[" | tail -n 25'
    const processes = await Promise.race([
      this.#agent.run(['sh', '-c', list], {}).then(
        ({ stdout }) => stdout,
        () => null,
      ),
      sleep(15_000, null, { ref: false }),
    ])
    return processes === null ? 'the machine does not answer' : `what runs:\n${processes}`
  }

  async #connect(): Promise<void> {
    this.#agent = new AgentConnection(await this.#dial('lab'))
    this.#qmp = new Qmp(await this.#dial('qmp'))
    await this.#qmp.execute('qmp_capabilities')
  }

  async #dial(name: string): Promise<Socket> {
    for (;;) {
      const socket = connect(join(this.#directory, name))
      try {
        await once(socket, 'connect')
        return socket
      } catch {
        if (this.#process.exitCode !== null || this.#process.signalCode !== null) {
          throw new GoneError('qemu has ended')
        }
        await sleep(10)
      }
    }
  }
}

/** Of what has ended after all, when it was too late. */
function outputIn(done: unknown): Output | undefined {
  if (typeof done !== 'object' || done === null || !('stdout' in done)) return undefined
  const { stdout, stderr } = done as Exit
  return { stdout, stderr }
}
