// Plans as fields of a frame.
import { SystemError } from '../errors.js'
import { encodeFields, encodeFrame, type Fields, type FieldValues } from './protocol.js'
import type {
  ExecPlan,
  FileInfo,
  FileOp,
  FileResult,
  FileTarget,
  IdMapEntry,
  ReplaceFileOptions,
  RootfsPlan,
  StartPlan,
  SubMount,
  TreeMount,
} from './types.js'

function mapLines(map: readonly IdMapEntry[]): string {
  return map.map(({ nsId, hostId, count }) => `${nsId} ${hostId} ${count}\n`).join('')
}

function encodeRootfs(rootfs: RootfsPlan): Buffer {
  return encodeFields({
    MODE: rootfs.mode,
    TARGET: rootfs.target,
    LOWER: rootfs.lower,
    UPPER: rootfs.upper,
    UID_MAP: mapLines(rootfs.uidMap),
    GID_MAP: mapLines(rootfs.gidMap),
    MOUNT: (rootfs.mounts ?? []).map(encodeMount),
  })
}

export function encodeMount(mount: SubMount | TreeMount): Buffer {
  if (!('dataset' in mount)) {
    const { mode, lower, upper, at } = mount
    return encodeFields({ MODE: mode, LOWER: lower, UPPER: upper, PATH: at })
  }
  const { dataset, at, readonly } = mount
  return encodeFields({ UPPER: dataset, PATH: at, FLAGS: readonly ? 1 : 0 })
}

const encoded = new WeakMap<StartPlan, Buffer>()

/** A plan that is used again is not encoded again. */
export function encodeStart(plan: StartPlan): Buffer {
  const known = encoded.get(plan)
  if (known !== undefined) return known
  const bytes = encodeFields({
    POOL: plan.pool,
    ID: plan.id,
    LXC_PATH: plan.lxcPath,
    CONFIG: plan.config ?? null,
    INIT: plan.init ?? null,
    ROOTFS: encodeRootfs(plan.rootfs),
    CGROUP: plan.cgroup,
    SECCOMP_PROFILE: plan.seccompProfile,
    NOTIFY_SOCKET: plan.notifySocket,
    LOG_FILE: plan.logFile,
    CONSOLE_LOG: plan.consoleLog,
    TIMEOUT_MS: plan.timeoutMs,
    DELEGATED: plan.delegated ?? [],
    NEXT: plan.next === undefined ? null : encodeFrame('START', 0, encodeStart(plan.next)),
  })
  encoded.set(plan, bytes)
  return bytes
}

export function encodeExec(plan: ExecPlan): FieldValues {
  return {
    POOL: plan.pool,
    ID: plan.id,
    ARG: plan.args,
    ENV: Object.entries(plan.env).map(([name, value]) => `${name}=${value}`),
    CWD: plan.cwd,
    FLAGS: plan.home ? 1 : 0,
    UID: plan.uid,
    GID: plan.gid,
    GROUP: plan.groups.map(String),
    ROWS: plan.tty?.rows ?? null,
    COLS: plan.tty?.cols ?? null,
    STDIN: plan.stdin,
  }
}

export function encodeTarget(target: FileTarget): FieldValues {
  if ('rootfs' in target) return { ROOTFS: encodeRootfs(target.rootfs) }
  return { POOL: target.pool, ID: target.id }
}

export function encodeReplace({ mode, uid, gid, mkdirs }: ReplaceFileOptions): FieldValues {
  return { FILE_MODE: mode, UID: uid, GID: gid, MKDIRS: mkdirs }
}

export function encodeOp(step: FileOp): Buffer {
  switch (step.op) {
    case 'write':
      return encodeFields({
        OP: step.op,
        PATH: step.path,
        DATA: step.data,
        FILE_MODE: step.mode,
        MKDIRS: step.mkdirs ?? false,
      })
    case 'read':
      return encodeFields({ OP: step.op, PATH: step.path, SIZE: step.limit })
    case 'mkdir':
      return encodeFields({ OP: step.op, PATH: step.path, FILE_MODE: step.mode })
    case 'symlink':
      return encodeFields({ OP: step.op, PATH: step.path, TARGET: step.target })
    case 'hostname':
      return encodeFields({ OP: step.op, DATA: step.name })
    case 'resize':
      return encodeFields({ OP: step.op, PATH: step.path, ROWS: step.rows, COLS: step.cols })
    case 'readlink':
    case 'unlink':
    case 'stat':
    case 'lstat':
      return encodeFields({ OP: step.op, PATH: step.path })
    default: {
      const impossible: never = step
      throw new TypeError(`no such step: ${JSON.stringify(impossible)}`)
    }
  }
}

export function decodeResult(fields: Fields): FileResult {
  const failed = fields.has('ERRNO')
  return {
    error: failed
      ? new SystemError(fields.number('ERRNO'), fields.text('SYSCALL'), fields.text('PATH'))
      : null,
    data: fields.has('DATA') ? fields.bytes('DATA') : null,
    target: fields.has('TARGET') ? fields.text('TARGET') : null,
    stat: fields.has('TYPE')
      ? {
          type: fields.text('TYPE') as FileInfo['type'],
          mode: fields.number('FILE_MODE'),
          size: fields.number('SIZE'),
          uid: fields.number('UID'),
          gid: fields.number('GID'),
        }
      : null,
  }
}
