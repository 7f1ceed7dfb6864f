// Names and texts of error numbers: Node's own table, and what it lacks because libuv has no use for it.
import { getSystemErrorMap } from 'node:util'

// The same numbers on every architecture we build for (asm-generic/errno.h).
const more: ReadonlyMap<number, readonly [string, string]> = new Map([
  [8, ['ENOEXEC', 'exec format error']],
  [10, ['ECHILD', 'no child processes']],
  [15, ['ENOTBLK', 'block device required']],
  [35, ['EDEADLK', 'resource deadlock avoided']],
  [37, ['ENOLCK', 'no locks available']],
  [42, ['ENOMSG', 'no message of desired type']],
  [43, ['EIDRM', 'identifier removed']],
  [44, ['ECHRNG', 'channel number out of range']],
  // EBADE and EBADR to Linux. OpenZFS, which has these two, took numbers that nothing else uses.
  [52, ['ECKSUM', 'checksum mismatch']],
  [53, ['EFRAGS', 'too fragmented']],
  [62, ['ETIME', 'timer expired']],
  [65, ['ENOPKG', 'package not installed']],
  [67, ['ENOLINK', 'link has been severed']],
  [72, ['EMULTIHOP', 'multihop attempted']],
  [74, ['EBADMSG', 'bad message']],
  [76, ['ENOTUNIQ', 'name not unique on network']],
  [77, ['EBADFD', 'file descriptor in bad state']],
  [85, ['ERESTART', 'interrupted system call should be restarted']],
  [87, ['EUSERS', 'too many users']],
  [96, ['EPFNOSUPPORT', 'protocol family not supported']],
  [102, ['ENETRESET', 'network dropped connection on reset']],
  [115, ['EINPROGRESS', 'operation now in progress']],
  [116, ['ESTALE', 'stale file handle']],
  [117, ['EUCLEAN', 'structure needs cleaning']],
  [121, ['EREMOTEIO', 'remote I/O error']],
  [122, ['EDQUOT', 'disk quota exceeded']],
  [123, ['ENOMEDIUM', 'no medium found']],
  [124, ['EMEDIUMTYPE', 'wrong medium type']],
  [126, ['ENOKEY', 'required key not available']],
  [127, ['EKEYEXPIRED', 'key has expired']],
  [128, ['EKEYREVOKED', 'key has been revoked']],
  [129, ['EKEYREJECTED', 'key was rejected by service']],
  [132, ['ERFKILL', 'operation not possible due to RF-kill']],
  [133, ['EHWPOISON', 'memory page has hardware error']],
])

// OpenZFS's own, zfs_errno_t of its sys/fs/zfs.h: they never change.
const zfs: readonly (readonly [string, string])[] = [
  ['ZFS_ERR_CHECKPOINT_EXISTS', 'the pool has a checkpoint'],
  ['ZFS_ERR_DISCARDING_CHECKPOINT', 'the pool is discarding a checkpoint'],
  ['ZFS_ERR_NO_CHECKPOINT', 'the pool has no checkpoint'],
  ['ZFS_ERR_DEVRM_IN_PROGRESS', 'a device is being removed'],
  ['ZFS_ERR_VDEV_TOO_BIG', 'the device is too large'],
  ['ZFS_ERR_IOC_CMD_UNAVAIL', "the kernel's ZFS does not have this operation"],
  ['ZFS_ERR_IOC_ARG_UNAVAIL', "the kernel's ZFS does not have an argument of this operation"],
  ['ZFS_ERR_IOC_ARG_REQUIRED', "the kernel's ZFS wants a further argument"],
  ['ZFS_ERR_IOC_ARG_BADTYPE', "the kernel's ZFS wants an argument of another type"],
  ['ZFS_ERR_WRONG_PARENT', 'its parent is no filesystem'],
  ['ZFS_ERR_FROM_IVSET_GUID_MISSING', 'the base has no IV set, and the stream has'],
  ['ZFS_ERR_FROM_IVSET_GUID_MISMATCH', 'the IV set of the base is not that of the stream'],
  ['ZFS_ERR_SPILL_BLOCK_FLAG_MISSING', 'the stream was made by a version with a known mistake'],
  ['ZFS_ERR_UNKNOWN_SEND_STREAM_FEATURE', 'the stream needs a feature that is not known here'],
  ['ZFS_ERR_EXPORT_IN_PROGRESS', 'the pool is being exported'],
  ['ZFS_ERR_BOOKMARK_SOURCE_NOT_ANCESTOR', 'the bookmark is of another dataset'],
  ['ZFS_ERR_STREAM_TRUNCATED', 'the stream ends too early'],
  ['ZFS_ERR_STREAM_LARGE_BLOCK_MISMATCH', 'the stream is without large blocks, its base was with'],
  ['ZFS_ERR_RESILVER_IN_PROGRESS', 'the pool is being resilvered'],
  ['ZFS_ERR_REBUILD_IN_PROGRESS', 'a device is being rebuilt'],
  ['ZFS_ERR_BADPROP', 'a property is not valid'],
  ['ZFS_ERR_VDEV_NOTSUP', 'the device cannot do this'],
  ['ZFS_ERR_NOT_USER_NAMESPACE', 'the file is no user namespace'],
  ['ZFS_ERR_RESUME_EXISTS', 'a receive that was cut can be resumed'],
  ['ZFS_ERR_CRYPTO_NOTSUP', 'encrypted data cannot be used for this'],
  ['ZFS_ERR_RAIDZ_EXPAND_IN_PROGRESS', 'a RAID-Z is being expanded'],
  ['ZFS_ERR_ASHIFT_MISMATCH', 'the sectors of the device have another size'],
  ['ZFS_ERR_STREAM_LARGE_MICROZAP', 'the stream has large microzaps'],
]
const FIRST_OF_ZFS = 1024

/** `[name, text]` of a positive error number: `[ 'ENOENT', 'no such file or directory' ]`. */
export function describeErrno(errnum: number): readonly [code: string, text: string] {
  return (
    getSystemErrorMap().get(-errnum) ??
    more.get(errnum) ??
    zfs[errnum - FIRST_OF_ZFS] ?? [`ERRNO_${errnum}`, `system error ${errnum}`]
  )
}
