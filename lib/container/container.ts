// The handle of a container. It is cheap and does no I/O by itself; each operation has its own file.

import { constants } from 'node:os'
import type { Readable } from 'node:stream'
import { abandon } from '../abandon.js'
import type { Asset } from '../asset/asset.js'
import { assetsOfContainer } from '../asset/of-container.js'
import type { Attributes } from '../attribute/attributes.js'
import type { CgroupStats } from '../cgroup/cgroups.js'
import type { StatsFigure, StatsOptions } from '../cgroup/figures.js'
import { Datasets } from '../dataset/datasets.js'
import { Snapshots } from '../dataset/snapshots.js'
import type { Group } from '../group/group.js'
import { checkOptions, type OperationOptions } from '../host/operation.js'
import { Mounts } from '../mount/mounts.js'
import type { Known, SessionInfo } from '../keeper/types.js'
import type { CgparamChange } from '../schema/cgparam.js'
import type {
  ContainerSettings,
  ContainerSettingsInput,
  Distribution,
} from '../schema/container.js'
import { signalNumber, type SignalName } from '../ns/signal.js'
import type { ProcessIdentity, ProcessInfo } from '../process/process-info.js'
import { processesOf, type ProcessesOptions } from '../process/processes.js'
import { signalProcesses } from '../process/signal.js'
import type { User } from '../user/user.js'
import { attributesOf } from './attributes.js'
import { bootContainer, type BootOptions } from './boot.js'
import { chgrpContainer, chownContainer } from './chown.js'
import { reloadConfig, replaceConfig, setDistribution } from './config.js'
import { Console, type ConsoleOptions } from './console.js'
import { deleteContainer, type DeleteOptions, type DeleteReceipt } from './delete.js'
import {
  execInContainer,
  openSession,
  sessionsOf,
  spawnInContainer,
  type ExecOptions,
  type ExecResult,
  type SpawnOptions,
} from './exec.js'
import {
  pullFile,
  pushFile,
  removeFile,
  type FileSource,
  type PullOptions,
  type PushOptions,
} from './files.js'
import { freezeContainer, thawContainer } from './freeze.js'
import { detectInit, treeOf } from './init-detect.js'
import { signalInit } from './init-signal.js'
import {
  rebootContainer,
  restartContainer,
  type RebootOptions,
  type RestartOptions,
  type RestartResult,
} from './reboot.js'
import { placeForLxc, type LxcPlace } from './lxc-place.js'
import type { ContainerRecord } from './record.js'
import {
  recoverCleanup,
  type CleanupReport,
  type RecoverCleanupOptions,
} from './recover-cleanup.js'
import { recoverState, type RecoverStateOptions } from './recover-state.js'
import { reinstallContainer, type ReinstallOptions } from './reinstall.js'
import { setPassword } from './password.js'
import { renameContainer } from './rename.js'
import type { Session } from './session.js'
import { changeCgparams, setContainer, unsetContainer, type SetResult } from './set.js'
import { snapshotOf, type ContainerSnapshot } from './snapshot.js'
import { startContainer, type StartOptions, type StartResult } from './start.js'
import type { ContainerState } from './state.js'
import { killContainer, stopContainer, type StopOptions, type StopResult } from './stop.js'
import { wallInContainer, type WallOptions } from './wall.js'
import { waitFor, type WaitOptions, type WaitResult, type WaitTarget } from './wait.js'

/**
 * ```ts
 * const ct = host.containers.get('web1')
 * await ct.start()
 * const { stdout } = await ct.exec(['uname', '-n'])
 * ```
 */
export class Container {
  readonly #record: ContainerRecord

  /** @internal */
  constructor(record: ContainerRecord) {
    this.#record = record
  }

  get id(): string {
    return this.#record.id
  }

  /** The name of its pool. */
  get pool(): string {
    return this.#record.pool.name
  }

  get user(): User {
    return this.#record.user
  }

  /** Those below its own, on a pool of ZFS, and what all of them may hold. */
  get datasets(): Datasets {
    return new Datasets(this.#record)
  }

  /** Where it sees these. */
  get mounts(): Mounts {
    return new Mounts(this.#record)
  }

  /** Of its datasets, on a pool of ZFS. */
  get snapshots(): Snapshots {
    return new Snapshots(this.#record)
  }

  get attributes(): Attributes {
    return attributesOf(this.#record)
  }

  get group(): Group {
    return this.#record.group
  }

  get state(): ContainerState {
    return this.#record.run.state
  }

  /** @internal */
  needsImage(id: string): boolean {
    const { booted, ...own } = this.#record.config.vpsadminos
    // ZFS keeps the blocks of a clone, whatever becomes of what it was cloned from.
    return [own, booted].some((root) => root?.image === id && root.clone_mode !== 'clone')
  }

  /** @internal */
  get record(): ContainerRecord {
    return this.#record
  }

  /**
   * What is known now, from memory: reads no file and asks no kernel.
   *
   * @throws NotFoundError when it was deleted
   */
  show(): ContainerSnapshot {
    return snapshotOf(this.#record)
  }

  /**
   * Where `lxc-info`, `lxc-attach` and their kind find it: `-P lxcPath -n id`. For one that does not run, its
   * configuration is written, as a start would.
   */
  lxc(options?: OperationOptions): Promise<LxcPlace> {
    return placeForLxc(this.#record, options)
  }

  /** What it is made of, as it is found there. @throws PoolSuspendedError */
  assets(): Promise<readonly Asset[]> {
    return assetsOfContainer(this.#record)
  }

  /**
   * Starts it; resolves when its init runs. See `wait('ready')` for when the system in it is up.
   *
   * @throws ContainerStartError with liblxc's words in `log`; StateError unless it is stopped
   */
  start(options?: StartOptions): Promise<StartResult> {
    return startContainer(this.#record, options)
  }

  /**
   * Starts it with the root filesystem of an image, for one run: its own is not touched. The rest is as always:
   * ids, limits, network, hostname, further datasets. Programs, files and the console are those of the run. However
   * it ends, also by a reboot from inside, the next one is from its own root, and what was made for it is removed.
   * Where that fails, `stop()` and `kill()` say so, and the next start or import tries it again.
   *
   * ```ts
   * await ct.boot({ image: { distribution: 'debian' }, mountRoot: '/mnt', force: true })
   * await ct.exec(['chroot', '/mnt', 'passwd', '-d', 'root'])
   * await ct.reboot()
   * ```
   *
   * @throws as {@link start}; UnsupportedError for `dataset` on a pool in a directory
   */
  boot(options?: BootOptions): Promise<StartResult> {
    return bootContainer(this.#record, options)
  }

  /**
   * Asks its init to shut down and kills it when that takes longer than `timeout`.
   *
   * @throws ContainerStopError only with method `shutdown_or_fail`
   */
  stop(options?: StopOptions): Promise<StopResult> {
    return stopContainer(this.#record, options)
  }

  /**
   * Stop and start. Changed settings take effect. Given up while it stops, nobody waits any more; once it
   * has stopped it is started, also where this process ends before that: by the next one that opens its host.
   */
  restart(options?: RestartOptions): Promise<RestartResult> {
    return restartContainer(this.#record, options)
  }

  /** Tells its init to reboot; resolves when the next one runs. Changed settings take effect. */
  reboot(options?: RebootOptions): Promise<void> {
    return rebootContainer(this.#record, options)
  }

  /**
   * Sends a signal to its init. SIGKILL, the default, goes to everything in it, and is waited for: given
   * up, nobody waits any more.
   *
   * @throws StateError unless it runs; TimeoutError when it has not ended after half a minute; PoolSuspendedError
   */
  async kill(
    signal: SignalName | number = 'SIGKILL',
    options: OperationOptions = {},
  ): Promise<void> {
    checkOptions(options, 'kill')
    this.#record.assertAlive('kill')
    if (signalNumber(signal) === constants.signals.SIGKILL) {
      await killContainer(this.#record, options.signal)
      await this.#record.imageRun.removed()
      await this.#record.ephemeral.deleted()
    } else await signalInit(this.#record, signal)
  }

  /**
   * Finds out anew what it does, where what `state` says is to be doubted: one that does not run any more is `stopped`
   * then, and what is to be done after a run is done.
   */
  async recoverState(options?: RecoverStateOptions): Promise<ContainerState> {
    await recoverState(this.#record, (known) => this.adopt(known), options)
    return this.state
  }

  /**
   * Removes what a run of it has left in the kernel, where something went wrong: cgroups and network interfaces. Only
   * while it is stopped.
   *
   * @throws StateError; InUseError naming processes in its cgroups, unless they are to be killed
   */
  recoverCleanup(options?: RecoverCleanupOptions): Promise<CleanupReport> {
    return recoverCleanup(this.#record, (known) => this.adopt(known), options)
  }

  /** Stops all its processes where they are. Given up before all of them are, they go on. */
  freeze(options?: OperationOptions): Promise<void> {
    return freezeContainer(this.#record, options)
  }

  /** Has all of them go on, also what it has frozen of itself. Cannot be given up once it has begun. */
  thaw(options?: OperationOptions): Promise<void> {
    return thawContainer(this.#record, options)
  }

  /**
   * Waits for a state, or until the system in it is `ready`: it runs, and its init says that it is
   * up, if it is one that says so. A frozen one is ready when it is thawed.
   *
   * @throws NotFoundError when it was, or is meanwhile, deleted
   */
  wait(target: WaitTarget, options?: WaitOptions): Promise<WaitResult> {
    return waitFor(this.#record, target, options)
  }

  /**
   * Runs a program to its end and keeps what it prints. The program is confined as init is.
   *
   * It is over when the program has ended and its output is closed: a program that leaves a daemon
   * behind which holds its output is waited for as long as the daemon lives. Redirect the daemon's
   * output, as in `server >/dev/null 2>&1 &`, or use `spawn()`. After `timeout`, an abort or too much
   * output, all that was started is killed, except what has moved itself to another cgroup; on
   * machines without cgroup v2 only the program.
   *
   * With `run`, a container that is stopped is started for the program alone. It has an init of ours: its own
   * does not run, nor does anything else that it starts by itself. It ends when the program ends, is given up
   * or is killed, with all that was left behind, and is stopped again when this resolves. Programs that
   * come meanwhile join it, and it ends with the last one; they go on like others when this process ends.
   *
   * ```ts
   * await ct.exec(['passwd', '-d', 'root'], { run: true })
   * ```
   *
   * @throws TimeoutError, OutputLimitError; their `stdout` and `stderr` have what was printed so far
   * @throws StateError unless it runs; SystemError ENOENT or EACCES when the program cannot be run, EAGAIN when
   *   there are too many
   */
  exec(
    args: readonly string[],
    options: ExecOptions<'buffer'> & { readonly encoding: 'buffer' },
  ): Promise<ExecResult<Buffer>>
  exec(args: readonly string[], options?: ExecOptions<'utf8'>): Promise<ExecResult>
  exec(args: readonly string[], options?: ExecOptions): Promise<ExecResult<string | Buffer>> {
    return execInContainer(this.#record, args, options)
  }

  /**
   * Starts a program and gives its streams.
   *
   * ```ts
   * await using session = await ct.spawn(['tail', '-f', '/var/log/syslog'])
   * for await (const chunk of session.stdout) process.stdout.write(chunk)
   * ```
   */
  spawn(args: readonly string[], options?: SpawnOptions): Promise<Session> {
    return spawnInContainer(this.#record, args, options)
  }

  /** Programs started by `spawn()`, also by an earlier process. */
  sessions(options?: OperationOptions): Promise<readonly SessionInfo[]> {
    return sessionsOf(this.#record, options)
  }

  /** One of these again, with its streams; output that nobody has read is still there. */
  session(id: number, options?: OperationOptions): Promise<Session> {
    return openSession(this.#record, id, options)
  }

  /** Attaches to the console, also while it is stopped. */
  console(options: ConsoleOptions = {}): Console {
    return new Console(this.#record, options)
  }

  /**
   * Replaces a file inside it at once, running or stopped; what fails leaves the old one. A file that
   * is a mount of its own is written in place.
   *
   * @returns the number of bytes
   * @throws InvalidArgumentError also for what is there and is no regular file
   */
  push(path: string, source: FileSource, options?: PushOptions): Promise<number> {
    return pushFile(this.#record, path, source, options)
  }

  /** Reads a file inside it, running or stopped. @throws InvalidArgumentError unless it is a regular one */
  pull(path: string, options?: PullOptions): Promise<Readable> {
    return pullFile(this.#record, path, options)
  }

  /**
   * Removes a file inside it, running or stopped; a link, and not what it leads to. One that is not there is fine.
   *
   * @throws SystemError EISDIR for a directory
   */
  remove(path: string, options?: PullOptions): Promise<void> {
    return removeFile(this.#record, path, options)
  }

  /**
   * Changes settings for good; `null` goes back to the default.
   *
   * @param options it can be given up until its file is written; what is in force then is taken back
   */
  set(settings: ContainerSettingsInput, options?: OperationOptions): Promise<SetResult> {
    return setContainer(this.#record, settings, options)
  }

  /**
   * Changes some of its cgroup parameters, at once and for good; the others stay as they are, also where somebody else
   * changes them at the same time.
   *
   * ```ts
   * await ct.changeCgparams({ set: [{ version: 2, name: 'memory.high', value: 400 * 2 ** 20 }] })
   * ```
   *
   * @param options as for {@link set}
   */
  changeCgparams(change: CgparamChange, options?: OperationOptions): Promise<SetResult> {
    return changeCgparams(this.#record, change, options)
  }

  /** Takes settings back to their defaults. Options come last: `ct.unset('hostname', { signal })`. */
  unset(...names: (keyof ContainerSettings)[]): Promise<SetResult>
  unset(...given: [...(keyof ContainerSettings)[], OperationOptions]): Promise<SetResult>
  unset(...given: readonly unknown[]): Promise<SetResult> {
    const last = given.at(-1)
    const options = typeof last === 'object' && last !== null && !Array.isArray(last) ? last : null
    const names = (options === null ? given : given.slice(0, -1)) as (keyof ContainerSettings)[]
    return unsetContainer(this.#record, names, options ?? {})
  }

  /** What it uses. For many, `host.containers.stats()` is one call. */
  async stats<Figure extends StatsFigure = StatsFigure>(
    options: StatsOptions<Figure> = {},
  ): Promise<Pick<CgroupStats, Figure>> {
    checkOptions(options, 'stats', ['figures'])
    return await abandon(this.#record.cgroupDir().stats(options.figures), options.signal)
  }

  /**
   * Its processes; none when it does not run. Costs what is in it. One that has ended and was not taken
   * note of by its parent is in no cgroup any more, and not among them.
   *
   * ```ts
   * for (const { containerPid, command } of await ct.processes()) console.log(containerPid, command)
   * ```
   */
  async processes(options: ProcessesOptions = {}): Promise<readonly ProcessInfo[]> {
    this.#record.assertPresent()
    return await processesOf(this.#record.host, [this.#record], options, 'processes')
  }

  /**
   * Sends a signal to some of its processes, as {@link processes} told of them: none other is meant that has
   * got one's number since. What is frozen by cgroups of v1 ends when it is thawed.
   *
   * @returns the numbers of those that were sent it
   */
  signalProcesses(
    processes: readonly ProcessIdentity[],
    signal: SignalName | number,
    options?: OperationOptions,
  ): Promise<readonly number[]> {
    return signalProcesses(this.#record, processes, signal, options)
  }

  /**
   * Writes a message to the terminals of those who are logged in to it, by wall(1) in it.
   *
   * @throws UnsupportedError when it has none, or that refuses
   * @throws TimeoutError when the terminals do not take it within ten seconds
   */
  wall(message: string, options?: WallOptions): Promise<void> {
    return wallInContainer(this.#record, message, options)
  }

  /**
   * Sets the password of one of its users, by chpasswd(8) in it. One that is stopped is started for that alone.
   *
   * @throws UnsupportedError when it has none, or that refuses
   */
  setPassword(user: string, password: string, options?: OperationOptions): Promise<void> {
    return setPassword(this.#record, user, password, options)
  }

  /**
   * Gives it another root filesystem, from an image: what is in the one that it has is lost. Its settings, ids
   * and datasets stay. Only while it is stopped.
   *
   * ```ts
   * await ct.reinstall({ image: { distribution: 'debian', version: '13' } })
   * ```
   *
   * @throws InUseError naming its snapshots, unless they may go; StateError, NotFoundError
   */
  reinstall(options?: ReinstallOptions): Promise<void> {
    return reinstallContainer(this.#record, options)
  }

  /**
   * Takes what stands in its file, after that was edited. Only while it is stopped; its user, group, dataset and what
   * this library has noted there must be as they were.
   *
   * @throws ConfigBrokenError with line and column; InvalidArgumentError naming what may not be; StateError
   */
  reloadConfig(options?: OperationOptions): Promise<void> {
    return reloadConfig(this.#record, options)
  }

  /**
   * Gives it another configuration as a whole: what that does not say goes back to its default. Only while it is
   * stopped. Its user, group, dataset and what this library has noted stay, and need not be said.
   *
   * ```ts
   * await ct.replaceConfig('hostname: www.example.org\nnesting: true\n')
   * ```
   *
   * @param config YAML as in its file, 256 KiB at most
   * @throws as {@link reloadConfig}
   */
  replaceConfig(config: string, options?: OperationOptions): Promise<void> {
    return replaceConfig(this.#record, config, options)
  }

  /** Says which system is in its rootfs, after that was changed from inside. Only while it is stopped. */
  setDistribution(distribution: Distribution, options?: OperationOptions): Promise<void> {
    return setDistribution(this.#record, distribution, options)
  }

  /**
   * Gives it another user, whose ids it runs with from then on; its files stay as they are. Only while it is stopped. A
   * user that was made for it goes, with the last container that has it.
   *
   * @throws NotFoundError; UnsupportedError for one that has datasets in its own hands, which have its ids on the disk
   */
  chown(user: string, options?: OperationOptions): Promise<void> {
    return chownContainer(this.#record, user, options)
  }

  /** Puts it into another group. Only while it is stopped. @throws NotFoundError */
  chgrp(group: string, options?: OperationOptions): Promise<void> {
    return chgrpContainer(this.#record, group, options)
  }

  /** Only while it is stopped. It can be given up until its file has the new name. */
  rename(id: string, options?: OperationOptions): Promise<void> {
    return renameContainer(this.#record, id, options)
  }

  /**
   * Removes it and all that is in it. The receipt says whether anything is left. It cannot be given up
   * once it has begun; with `force`, once it has stopped.
   */
  delete(options?: DeleteOptions): Promise<DeleteReceipt> {
    return deleteContainer(this.#record, options)
  }

  /** Takes over what the keeper has running. @internal */
  async adopt(known: Known): Promise<void> {
    const { run } = this.#record
    // Before anything is waited for: what the keeper tells next is newer.
    run.adopt(known)
    this.#record.imageRun.found(known.once)
    this.#record.programRun.found(known.program)
    if (known.initPid !== null) this.#record.ephemeral.runs()
    const { pending, pendingNote, config } = this.#record
    pending.recall(pendingNote, known.initPid, config)
    // It may be ending, and its cgroup gone.
    const frozen = await this.#record
      .cgroupDir()
      .frozen()
      .catch(() => false)
    if (frozen && known.initPid !== null && run.initPid === known.initPid) run.set('frozen')
    // A frozen one cannot be asked, and one that ends meanwhile does not matter. Not waited for: a keeper
    // that takes over is the host's only when all of its containers are adopted.
    if (!frozen && !known.once && !known.program) void this.#knowInit().catch(() => undefined)
  }

  async #knowInit(): Promise<void> {
    const { host } = this.#record
    const target = { pool: this.pool, id: this.id }
    await this.#record.knowInit(async () => detectInit(treeOf(await host.keeper(), target)))
  }
}
