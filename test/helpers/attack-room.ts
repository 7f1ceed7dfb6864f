// Where attacks take place: a fresh guest for each, beside another container, with files and a process
// of the host's that must stay as they are. docs/attacks.md lists the attacks; a file of test/attacks
// must come by all of its area.
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmodSync, lstatSync, mkdirSync, mkdtempSync, readdirSync } from 'node:fs'
import { readFileSync, readlinkSync, rmSync, watch, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import type { Host, Container, CreateOptions } from 'vpsadminos'
import { SystemError } from '../../dist/errors.js'
import { EngineError } from '../../dist/host/errors.js'
import { attacksOf } from './attack-list.js'
import { settled, until } from './keeper-host.js'
import { childrenOf, pids, statusOf, titleOf } from './processes.js'
import { compiled } from './programs.js'
import { importBusybox, systemHost } from './system.js'
import { upTo } from './time.js'

/** What an operation on a guest may take that does its worst, in milliseconds. */
const BOUND = 5000

const touched = ['hostname', 'hosts', 'resolv.conf', 'passwd', 'group', 'machine-id']
const hostFiles = [...touched.map((name) => `/etc/${name}`), '/sbin/init', '/dev/console']

export interface Attack {
  readonly t: Test
  readonly host: Host
  /** With the area's program at /attack; not started. */
  readonly guest: Container
  /** It runs, and is nobody's victim. */
  readonly other: Container
  /** A directory of the host's that everybody may write to: whoever gets out of a guest would. */
  readonly outside: string
  /** What is written in the file `secret` there. */
  readonly secret: string
  /** Starts the guest, and runs a script in it. */
  readonly shell: (script: string) => Promise<string>
  /**
   * The operation ends in bounded time, and succeeds or fails with one of these codes.
   *
   * @returns the code, or `ok`
   */
  readonly harmless: (
    operation: () => Promise<unknown>,
    codes: string[],
    bound?: number,
  ) => Promise<string>
}

export class AttackRoom {
  readonly host: Host
  /** Of the guests' image. */
  distribution = 'busybox'
  readonly #t: Test
  readonly #outside: string
  readonly #secret = randomBytes(16).toString('hex')
  readonly #bystander = spawn('sleep', ['1000'], { stdio: 'ignore' })
  readonly #program: Buffer | null
  readonly #missing: Set<string>
  readonly #other: Container
  readonly #keeper: number
  /** As it is between attacks. */
  #world: unknown = null

  static async open(t: Test, area: string, { program = true } = {}): Promise<AttackRoom> {
    const host = await systemHost(t)
    await importBusybox(t, host)
    const image = { distribution: 'busybox' }
    const other = await host.containers.create({ id: 'other', image })
    await other.start()
    const path = program ? compiled(`attacks/${area}`) : null
    const content = path === null ? null : readFileSync(path)
    const keeper = await host.keeperPid()
    const room = new AttackRoom(t, host, keeper, other, area, content)
    await room.#settle()
    return room
  }

  private constructor(
    t: Test,
    host: Host,
    keeper: number,
    other: Container,
    area: string,
    program: Buffer | null,
  ) {
    this.#t = t
    this.host = host
    this.#keeper = keeper
    this.#other = other
    this.#program = program
    this.#missing = new Set(attacksOf(area))
    this.#outside = makeOutside(this.#secret)
    t.teardown(() => {
      this.#bystander.kill('SIGKILL')
      rmSync(this.#outside, { recursive: true, force: true })
    })
  }

  /** One of the area's attacks; what it has done is looked for when its guest is gone. */
  async attack(
    name: string,
    work: (attack: Attack) => Promise<void>,
    settings: Omit<CreateOptions, 'id' | 'image'> = {},
  ): Promise<void> {
    await this.#t.test(name, async (t) => {
      t.ok(this.#missing.delete(name), 'docs/attacks.md has it, once')
      const image = { distribution: this.distribution }
      const guest = await this.host.containers.create({ id: 'guest', image, ...settings })
      const [first, count] = hostIds(guest)
      try {
        if (this.#program !== null) await guest.push('/attack', this.#program, { mode: 0o755 })
        await work({
          t,
          host: this.host,
          guest,
          other: this.#other,
          outside: this.#outside,
          secret: this.#secret,
          shell: async (script) => {
            if (guest.state === 'stopped') await guest.start()
            const options = { cwd: '/', timeout: upTo(30_000) }
            return (await guest.exec(['sh', '-c', script], options)).stdout
          },
          harmless: (operation, codes, bound = BOUND) => harmless(t, operation, codes, bound),
        })
      } finally {
        // It may have been renamed, and is found by its id then.
        await harmless(t, () => guest.delete({ force: true }), [], 2 * BOUND)
      }
      t.same((await this.host.audit()).leftovers, [], 'nothing is left over')
      t.equal(await this.host.keeperPid(), this.#keeper, 'the keeper lives')
      await until(() => processesOf(first, count).length === 0)
      t.equal(this.#bystander.exitCode ?? this.#bystander.signalCode, null)
      await harmless(t, () => this.#other.exec(['true']), [], BOUND)
      const as = (world: unknown) => JSON.stringify(world) === JSON.stringify(this.#world)
      const asBefore = async () => {
        if (as(this.#look())) return true
        // The keeper has a relay in reserve only when the last program has ended as most do.
        await this.#other.exec(['true'])
        return false
      }
      await until(asBefore).catch(() => undefined)
      t.same(this.#look(), this.#world, 'all else is as it was')
    })
  }

  // With the keeper's spare children, which come a moment after each start and program, and without
  // what a program leaves for a moment.
  async #settle(): Promise<void> {
    // Node has one inotify for all watches, from the first one on.
    watch(this.#outside).close()
    await this.#other.exec(['true'])
    this.#world = await settled(
      () => this.#look(),
      ({ children }) => children === 3,
    )
  }

  /** @throws when an attack of the area was not come by */
  finish(): void {
    this.#t.same([...this.#missing], [], 'all attacks of the area were tried')
  }

  /** All that a guest must leave as it is. */
  #look() {
    const keeper = this.#keeper
    return {
      outside: filesOf(this.#outside),
      host: hostFiles.map(fileState),
      other: [this.#other.state, this.#other.show().initPid],
      node: descriptorsOf('self'),
      keeper: descriptorsOf(String(keeper)),
      children: statesOfChildren(keeper).length,
    }
  }
}

async function harmless(
  t: Test,
  operation: () => Promise<unknown>,
  codes: string[],
  bound: number,
): Promise<string> {
  const began = performance.now()
  const error: unknown = await operation().then(
    () => null,
    (error: unknown) => error,
  )
  const took = Math.round(performance.now() - began)
  t.ok(took < upTo(bound), `it took ${took} ms of ${bound}`)
  if (error === null) return 'ok'
  if (!(error instanceof EngineError || error instanceof SystemError)) {
    t.fail('an error that is not typed', { found: error })
    return ''
  }
  t.ok(codes.includes(error.code), `${error.code} is one of ${codes.join(', ')}: ${error.message}`)
  return error.code
}

/** Ids of the host that are the container's: the first of them, and how many. */
function hostIds(container: Container): [first: number, count: number] {
  const [, first = 0, count = 0] = (container.user.show().uidMap[0] ?? '').split(':').map(Number)
  return [first, count]
}

function makeOutside(secret: string): string {
  const path = mkdtempSync(join(tmpdir(), 'outside-'))
  chmodSync(path, 0o777)
  for (const name of touched) writeFileSync(join(path, name), `${name} of the host\n`)
  writeFileSync(join(path, 'secret'), secret)
  mkdirSync(join(path, 'directory'))
  writeFileSync(join(path, 'directory/file'), 'x')
  for (const name of readdirSync(path)) chmodSync(join(path, name), 0o777)
  return path
}

function fileState(path: string): string {
  try {
    const { ino, mode, uid, gid, size, mtimeNs, ctimeNs, nlink, rdev } = lstatSync(path, {
      bigint: true,
    })
    return [path, ino, mode, uid, gid, size, mtimeNs, ctimeNs, nlink, rdev].join(' ')
  } catch {
    return `${path} is not there`
  }
}

function filesOf(path: string): string[] {
  const names = readdirSync(path, { recursive: true, encoding: 'utf8' }).sort()
  return ['.', ...names].map((name) => {
    const file = join(path, name)
    const content = lstatSync(file).isFile() ? readFileSync(file, 'utf8') : ''
    return `${fileState(file)} ${content}`
  })
}

/**
 * What a process has open, without the numbers of sockets and pipes, and without user namespaces, which
 * the keeper keeps for the id maps that it has seen.
 */
export function descriptorsOf(pid: string): string[] {
  const directory = `/proc/${pid}/fd`
  return readdirSync(directory)
    .flatMap((fd) => {
      try {
        const open = readlinkSync(join(directory, fd)).replace(/:\[\d+\]$/, '')
        return open === 'user' ? [] : [open]
      } catch {
        return [] // the one of this very look
      }
    })
    .sort()
}

/** Processes that are of these ids, zombies too. */
export function processesOf(first: number, count: number): string[] {
  return pids().filter((pid) => {
    const uid = Number(statusOf(pid)?.get('Uid')?.split('\t')[1] ?? -1)
    return uid >= first && uid < first + count
  })
}

/** States of a process's children, but those that carry streams or wait to. */
export function statesOfChildren(parent: number): string[] {
  return childrenOf(parent)
    .filter((pid) => titleOf(pid) !== 'relay')
    .map((pid) => statusOf(pid)?.get('State')?.[0] ?? '')
}
