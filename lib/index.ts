// What the package offers. Importing it loads nothing native; the first use does.

import './printed-handles.js'

export { Host, type EventsOptions } from './host/host.js'
export type { AuditReport, Leftover, UnseenPool } from './host/audit.js'
export type { RecoveryReport } from './host/recover.js'
export * from './host/errors.js'
export type { EventPosition, HostEvent } from './host/events.js'
export { features, type HostFeatures, type MissingFeature } from './host/features.js'
export type { HeldLock, LockMode, LockUser } from './host/locks.js'
export type { OperationOptions } from './host/operation.js'
export type {
  ShutdownOptions,
  ShutdownProgress,
  ShutdownReport,
  ShutdownState,
} from './shutdown/shutdown.js'
export type { PreflightCheck, PreflightOptions, PreflightReport } from './host/preflight.js'
export type { TemporaryOptions } from './host/temporary.js'
export {
  AddonMissingError,
  ClosedError,
  LibraryMissingError,
  SystemError,
  errorCodes,
} from './errors.js'
export * from './image/errors.js'
export { KeeperError, KeeperLostError, KeeperStartError } from './keeper/errors.js'

export type { Allocation, Run } from './id-range/allocation-table.js'
export type { IdRange, IdRangeSnapshot, IdRun } from './id-range/id-range.js'
export type { IdRanges } from './id-range/id-ranges.js'
export type { User, UserSnapshot } from './user/user.js'
export type { Users } from './user/users.js'
export type { Group, GroupSnapshot } from './group/group.js'
export type { Groups } from './group/groups.js'
export type { CgparamSnapshot } from './group/cgparams.js'
export type { EffectiveLimits } from './group/limit-params.js'
export type { Pool, PoolSnapshot } from './pool/pool.js'
export type {
  Autostart,
  AutostartOptions,
  AutostartReport,
  EnqueueOptions,
  StopAllOptions,
  StopReport,
} from './autostart/autostart.js'
export type { QueuedStart } from './autostart/attempt.js'
export type { History, HistoryEntry } from './history/history.js'
export type { Asset } from './asset/asset.js'
export type { HealthOptions, Problem } from './asset/health.js'
export type { Attributes } from './attribute/attributes.js'
export type { Pools } from './pool/pools.js'
export type { Images } from './image/images.js'
export type {
  Image,
  ImageAttributes,
  ImageCache,
  ImageQuery,
  ImportImage,
  ImportOptions,
  ImportProgress,
} from './image/types.js'
export type { Datasets, DatasetEntry } from './dataset/datasets.js'
export type { DatasetMount, Mounts } from './mount/mounts.js'
export type { StorageCapabilities } from './storage/driver.js'
export type { PruneOptions, PruneProgress, PruneReport, TrashEntry } from './storage/zfs/trash.js'

export type { Container } from './container/container.js'
export type { ContainerFilter, Containers } from './container/containers.js'
export type { Console, ConsoleOptions } from './container/console.js'
export type { ConsolePosition, ConsoleSince } from './container/console-log.js'
export type { UserOption } from './container/credentials.js'
export type { Belonging } from './container/belongings.js'
export type { CopyOptions } from './container/copy.js'
export type { DeleteOptions, DeleteReceipt } from './container/delete.js'
export type { ExecEncoding, ExecOptions, ExecResult, SpawnOptions } from './container/exec.js'
export type { FileSource, PullOptions, PushOptions } from './container/files.js'
export type { InitKind } from './container/init.js'
export type { LxcPlace } from './container/lxc-place.js'
export type { ClampedPrlimit } from './container/prlimit-clamp.js'
export type { RebootOptions, RestartOptions, RestartResult } from './container/reboot.js'
export type { BootOptions } from './container/boot.js'
export type { CleanupReport, RecoverCleanupOptions } from './container/recover-cleanup.js'
export type { RecoverStateOptions } from './container/recover-state.js'
export type { ReinstallOptions } from './container/reinstall.js'
export type { Session, SessionExit } from './container/session.js'
export type { SetResult } from './container/set.js'
export type { ContainerSnapshot } from './container/snapshot.js'
export type { StartOptions, StartResult } from './container/start.js'
export type { ContainerExit, ContainerState } from './container/state.js'
export type { StopMethod, StopOptions, StopResult } from './container/stop.js'
export type { WallOptions } from './container/wall.js'
export type { WaitOptions, WaitResult, WaitTarget } from './container/wait.js'

export type { ContainerLoad, HostLoad, LoadOptions } from './load/load.js'
export type { CpuTimes } from './load/processor.js'
export type { MemoryUse } from './load/memory.js'
export type { Amount, Traffic } from './load/interfaces.js'
export type { Requests } from './load/disks.js'
export type { CacheUse, ZfsLoad } from './load/zfs-load.js'
export type { ProcessIdentity, ProcessInfo } from './process/process-info.js'
export type { HostProcessesOptions, ProcessesOptions } from './process/processes.js'

export type { CgroupStats } from './cgroup/cgroups.js'
export type { StatsFigure, StatsOptions } from './cgroup/figures.js'
export type { SessionInfo } from './keeper/types.js'
export type { Exit } from './ns/pidfd.js'
export type { SignalName } from './ns/signal.js'
export { jsonSchemas } from './schema/json-schema.js'
export { parseSize, type Size } from './schema/size.js'
export type {
  ContainerSettingsInput as ContainerSettings,
  CopySettings,
  CreateImage,
  CreateOptions,
  Distribution,
  NetifInput as NetifSetting,
  BootSettings,
  ReinstallSettings,
} from './schema/container.js'
export type { AutostartInput as AutostartSetting } from './schema/autostart.js'
export type { CreateGroupOptions, GroupSettingsInput as GroupSettings } from './schema/group.js'
export type { CgparamChange, CgparamInput as CgparamSetting } from './schema/cgparam.js'
export type { PrlimitInput as PrlimitSetting, PrlimitName } from './schema/prlimits.js'
export type { HostOptions } from './schema/host.js'
export type { AllocateOptions, CreateIdRangeOptions } from './schema/id-range.js'
export type {
  CloneMode,
  DirInstallOptions,
  DirPoolOptions,
  InstallOptions,
  PoolOptions,
  PoolSettingsInput as PoolSettings,
  ZfsPoolOptions,
} from './schema/pool.js'
export type {
  CreateDatasetOptions,
  DatasetSettings,
  DelegationSettings,
  DeleteDatasetOptions,
  MountInput,
  SetDatasetOptions,
} from './schema/dataset.js'
export type { CreateUserOptions } from './schema/user.js'
