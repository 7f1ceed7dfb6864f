// A keeper of its own with busybox containers, without the engine on top: for what the keeper
// itself promises.
import { chmodSync, mkdirSync, mkdtempSync, rmSync, rmdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { Keeper } from '../../dist/keeper/keeper.js'
import type { ExecPlan, KeeperEvent, StartPlan } from '../../dist/keeper/types.js'
import { busyboxRoot } from './busybox.js'
import { cgroupsBelow, hierarchies } from './hierarchies.js'
import { pids, titleOf } from './processes.js'
import { upTo } from './time.js'

export class KeeperHost {
  readonly dir = mkdtempSync(join(tmpdir(), 'keeper-'))
  readonly stateDir = join(this.dir, 'state')
  readonly cgroupRoot = `osctl-test-${process.pid}-${Math.random().toString(36).slice(2, 8)}`
  readonly image: string
  #first = 2_000_000

  constructor(t: Test) {
    // A container's root walks through it to its rootfs.
    chmodSync(this.dir, 0o711)
    for (const dir of ['state/lxc', 'state/rootfs/tank', 'state/notify']) {
      mkdirSync(join(this.dir, dir), { recursive: true, mode: 0o711 })
    }
    this.image = busyboxRoot(join(this.dir, 'image'))
    writeFileSync(join(this.dir, 'seccomp'), '2\ndenylist\n[all]\nkexec_load errno 1\n')
    t.teardown(() => this.#remove())
  }

  connect(): Promise<Keeper> {
    return Keeper.connect({ stateDir: this.stateDir, cgroupRoot: this.cgroupRoot })
  }

  plan(id: string, more: { config?: string[]; init?: string } = {}): StartPlan {
    const first = (this.#first += 65536)
    for (const dir of ['upper', 'work']) mkdirSync(join(this.dir, id, dir), { recursive: true })
    mkdirSync(join(this.stateDir, 'lxc', id))
    const cgroup = `${this.cgroupRoot}/ct.${id}`
    const target = join(this.stateDir, 'rootfs/tank', id)
    const config = [
      `lxc.rootfs.path = dir:${target}`,
      `lxc.uts.name = ${id}`,
      `lxc.idmap = u 0 ${first} 65536`,
      `lxc.idmap = g 0 ${first} 65536`,
      'lxc.net.0.type = empty',
      'lxc.mount.auto = proc:mixed sys:mixed',
      'lxc.tty.max = 0',
      'lxc.pty.max = 64',
      `lxc.init.cmd = ${more.init ?? '/sbin/init'}`,
      `lxc.cgroup.dir.container = ${cgroup}`,
      'lxc.cgroup.dir.container.inner = user-owned',
      `lxc.cgroup.dir.monitor = ${this.cgroupRoot}/monitor.${id}`,
      `lxc.cgroup.dir.monitor.pivot = ${this.cgroupRoot}/pivot`,
      'lxc.cap.drop = sys_module sys_time',
      'lxc.prlimit.nofile = 512:1024',
      `lxc.seccomp.profile = ${this.dir}/seccomp`,
      `lxc.console.logfile = ${this.dir}/${id}.console`,
      `lxc.log.file = ${this.dir}/${id}.log`,
      'lxc.log.level = ERROR',
      ...(more.config ?? []),
    ]
    writeFileSync(join(this.stateDir, 'lxc', id, 'config'), config.join('\n') + '\n')
    const map = [{ nsId: 0, hostId: first, count: 65536 }]
    return {
      pool: 'tank',
      id,
      lxcPath: join(this.stateDir, 'lxc'),
      rootfs: {
        mode: 'overlay',
        target,
        lower: this.image,
        upper: join(this.dir, id),
        uidMap: map,
        gidMap: map,
      },
      cgroup,
      seccompProfile: join(this.dir, 'seccomp'),
      notifySocket: join(this.stateDir, 'notify', id),
      logFile: join(this.dir, `${id}.log`),
      consoleLog: join(this.dir, `${id}.console`),
      timeoutMs: upTo(20_000),
    }
  }

  /** Cgroups in our names that hold something, or are a container's. */
  cgroupsLeft(): string[] {
    return cgroupsBelow(this.cgroupRoot).filter((path) => /\/(ct|monitor)\.[^/]*$/.test(path))
  }

  async #remove(): Promise<void> {
    const keeper = await this.connect()
    for (const { id, initPid } of await keeper.containers()) {
      // One that still starts ends with its monitor.
      const title = `[lxc monitor] ${join(this.stateDir, 'lxc')} ${id}`
      const pid = initPid ?? Number(pids().find((pid) => titleOf(pid) === title))
      try {
        process.kill(pid, 'SIGKILL')
      } catch {
        // It has ended meanwhile.
      }
    }
    await until(async () => (await keeper.containers()).length === 0)
    await keeper.shutdown({ force: true })
    await keeper.close()
    await until(() => {
      try {
        for (const root of hierarchies.map((path) => join(path, this.cgroupRoot))) {
          for (const dir of ['pivot/lxc.pivot', 'pivot', 'keeper/lxc.pivot', 'keeper', '.']) {
            try {
              rmdirSync(join(root, dir))
            } catch (error) {
              if ((error as { code?: string }).code === 'EBUSY') throw error
            }
          }
        }
        return true
      } catch {
        return false
      }
    })
    rmSync(this.dir, { recursive: true })
  }
}

/** Polls, for what has no event of its own; fails after ten seconds, or as many as that is here. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + upTo(10_000)
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`never came true: ${holds.toString()}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

/** What stays: it was seen so for a while, and it fits. */
export async function settled<T>(look: () => T, fits: (seen: T) => boolean): Promise<T> {
  let last = look()
  let same = 0
  await until(() => {
    const seen = look()
    same = JSON.stringify(seen) === JSON.stringify(last) ? same + 1 : 0
    last = seen
    return same >= 20 && fits(seen)
  })
  return last
}

/** The first event that fits; ends the stream. */
export async function event<T extends KeeperEvent>(
  events: AsyncIterable<KeeperEvent>,
  fits: (event: KeeperEvent) => event is T,
): Promise<T> {
  for await (const item of events) if (fits(item)) return item
  throw new Error('the stream ended before the event came')
}

export function execPlan(id: string, args: string[], more: Partial<ExecPlan> = {}): ExecPlan {
  return {
    pool: 'tank',
    id,
    args,
    env: { PATH: '/bin' },
    cwd: '/',
    home: false,
    uid: 0,
    gid: 0,
    groups: [],
    tty: null,
    stdin: false,
    ...more,
  }
}
