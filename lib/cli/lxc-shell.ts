// A shell of the host, in which LXC's own tools know which container is meant.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { constants as access } from 'node:fs'
import { access as canAccess, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { constants, tmpdir } from 'node:os'
import { join } from 'node:path'
import { quoted } from '../quoted.js'

export interface LxcPlace {
  readonly lxcPath: string
  readonly id: string
}

/** With `-P` and `-n`. */
const TOOLS = ['cgroup', 'console', 'freeze', 'info', 'monitor', 'stop', 'unfreeze', 'wait'].map(
  (tool) => `lxc-${tool}`,
)

/** What LXC would do to a container without asking osctld. */
const NOT_HERE: Readonly<Record<string, string>> = {
  'lxc-start': 'osctl ct start',
  'lxc-execute': 'osctl ct exec -r',
  'lxc-destroy': 'osctl ct del',
  'lxc-copy': 'osctl ct cp',
}

/** Of ours the shell gets what concerns a terminal, a language, and where programs are; nothing else. */
const KEPT = /^(TERM|COLORTERM|LANG|LC_\w+|TZ|PATH)$/

const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

// Node.js closes what it was given itself as far as the first gap in the numbers.
const ALONE = `
for fd in /proc/$$/fd/*; do
  fd=\${fd##*/}
  if ((fd > 2)); then eval "exec $fd>&-"; fi
done
exec bash --noprofile --rcfile "$1" -i`

/** @returns the exit code of the shell */
export async function openLxcShell({ lxcPath, id }: LxcPlace): Promise<number> {
  // osctld may be another machine's.
  await canAccess(join(lxcPath, id, 'config'))
  const directory = await mkdtemp(join(tmpdir(), 'osctl-su-'))
  try {
    const file = join(directory, 'rc')
    await writeFile(file, settings({ lxcPath, id }, directory), { mode: 0o600 })
    if (await hasBash()) return await run('bash', ['-c', ALONE, 'bash', file], {})
    return await run('sh', ['-i'], { ENV: file })
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

async function run(shell: string, args: string[], more: NodeJS.ProcessEnv): Promise<number> {
  const kept = Object.entries(process.env).filter(([name]) => KEPT.test(name))
  const own = { PATH, HOME: '/root', USER: 'root', LOGNAME: 'root' }
  const child = spawn(shell, args, {
    // It keeps nothing busy: neither a pool nor a container's files.
    cwd: '/',
    env: { ...own, ...Object.fromEntries(kept), ...more },
    // Whoever is given its ids anew has no groups.
    stdio: 'inherit',
    uid: 0,
    gid: 0,
  })
  // Keys are the shell's. Who ends us ends it, which minds SIGTERM only where it is not interactive.
  const ignore = (): void => undefined
  const hangUp = (): void => void child.kill('SIGHUP')
  const handlers = { SIGINT: ignore, SIGQUIT: ignore, SIGTERM: hangUp, SIGHUP: hangUp }
  for (const [signal, handler] of Object.entries(handlers)) process.on(signal, handler)
  try {
    const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null]
    return code ?? 128 + (signal === null ? 0 : constants.signals[signal])
  } finally {
    for (const [signal, handler] of Object.entries(handlers)) process.off(signal, handler)
  }
}

async function hasBash(): Promise<boolean> {
  for (const directory of (process.env.PATH ?? PATH).split(':').filter(Boolean)) {
    const found = await canAccess(join(directory, 'bash'), access.X_OK).then(
      () => true,
      () => false,
    )
    if (found) return true
  }
  return false
}

function settings({ lxcPath, id }: LxcPlace, directory: string): string {
  const path = `-P ${quoted(lxcPath)}`
  const container = `${path} -n ${quoted(id)}`
  const refusal = (tool: string, instead: string): string =>
    `echo ${quoted(`${tool} is not for containers of osctl: ${instead} ${id}`)} >&2; false #`
  const aliases: Readonly<Record<string, string>> = {
    ...Object.fromEntries(TOOLS.map((tool) => [tool, `${tool} ${container}`])),
    'lxc-ls': `lxc-ls ${path}`,
    'lxc-top': `lxc-top ${path}`,
    // What is in our environment is not the container's affair.
    'lxc-attach': `lxc-attach ${container} --clear-env --keep-var TERM`,
    ...Object.fromEntries(
      Object.entries(NOT_HERE).map(([tool, instead]) => [tool, refusal(tool, instead)]),
    ),
  }
  const lines = [
    // It is read by now, and nobody else has to look after it.
    `rm -rf -- ${quoted(directory)}`,
    'unset ENV HISTFILE',
    ...Object.entries(aliases).map(([name, value]) => `alias ${name}=${quoted(value)}`),
    `PS1=${quoted(`[CT ${id} lxc] \\u@\\h:\\w\\$ `)}`,
  ]
  return `${lines.join('\n')}\n`
}
