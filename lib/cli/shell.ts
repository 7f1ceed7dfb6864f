// A shell in a container, for an administrator.

import { runProgram } from './program-client.js'
import type { Session } from './session.js'

/** The best that is there, without its own settings. */
const ANY = [
  'command -v bash >/dev/null && exec bash --norc -i',
  'command -v busybox >/dev/null && exec busybox sh -i',
  'exec sh -i',
].join('\n')

/** Root's own, as a login has it. */
const ROOTS = [
  String.raw`shell=$(sed -n 's/^root:.*:\(\/[^:]*\)$/\1/p' /etc/passwd | head -n 1)`,
  'exec "${shell:-/bin/sh}" -l',
].join('\n')

/** @param own whether it is root's own */
export function openShell(session: Session, container: string, own: boolean): Promise<number> {
  const id = container.slice(container.indexOf(':') + 1)
  return runProgram(session, container, {
    args: ['/bin/sh', '-c', own ? ROOTS : ANY],
    env: {
      TERM: process.env.TERM ?? 'linux',
      HOME: '/root',
      USER: 'root',
      LOGNAME: 'root',
      HISTFILE: '/root/.osctl_ct_attach_history',
      PS1: String.raw`[CT ${id}] \u@\h:\w\$ `,
    },
  })
}
