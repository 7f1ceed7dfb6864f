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

/** `[name, text]` of a positive error number: `[ 'ENOENT', 'no such file or directory' ]`. */
export function describeErrno(errnum: number): readonly [code: string, text: string] {
  return (
    getSystemErrorMap().get(-errnum) ??
    more.get(errnum) ?? [`ERRNO_${errnum}`, `system error ${errnum}`]
  )
}
