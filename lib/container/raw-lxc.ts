// Lines of LXC configuration that people add by hand. Only keys that can neither run a program on
// the host, nor take back the isolation, nor contradict what the engine manages are let through.

import { InvalidArgumentError } from '../host/errors.js'

/** Keys that may be given, as prefixes that end at a dot or at the key's end. */
const ALLOWED = [
  'lxc.apparmor.allow_incomplete',
  'lxc.apparmor.profile',
  'lxc.cap.drop',
  'lxc.cgroup',
  'lxc.cgroup2',
  'lxc.environment',
  'lxc.group',
  'lxc.keyring.session',
  'lxc.mount.entry',
  'lxc.net',
  'lxc.no_new_privs',
  'lxc.proc',
  'lxc.pty.max',
  'lxc.sched.core',
  'lxc.selinux.context',
  'lxc.sysctl',
  'lxc.time.offset',
  'lxc.tty.dir',
  'lxc.tty.max',
]

/** Why the others are not, where there is more to say than that they are managed. */
const REFUSED: readonly (readonly [RegExp, string])[] = [
  [/^lxc\.hook\./, 'a hook is a program that runs on the host'],
  [/^lxc\.include$/, 'the included file could change later, and bring hooks with it'],
  [/^lxc\.mount\.fstab$/, 'the file could change later; give its lines as lxc.mount.entry'],
  [/^lxc\.mount\.auto$/, 'it would take back read-only and masked parts of /proc and /sys'],
  [/^lxc\.net\.\d+\.script\./, 'a script is a program that runs on the host'],
  [/^lxc\.net\.0\./, 'use the netif setting'],
  // liblxc takes 00 for 0, and the whole of lxc.net for a list to clear.
  [/^lxc\.net(?!\.[1-9]\d*\.)/, 'it must be lxc.net.N.…, N being 1 or more'],
  [/^lxc\.namespace\./, 'the container would share namespaces'],
  [/^lxc\.(idmap|rootfs\.)/, 'it follows from the user and the pool'],
  [/^lxc\.cap\.keep$/, 'it would give back dropped capabilities'],
  [/^lxc\.cgroup2?\.(dir|relative)/, 'the place in the cgroup tree follows from the group'],
  [/^lxc\.init\./, 'use the initCmd setting'],
  [/^lxc\.prlimit\./, 'use the prlimits setting'],
  [/^lxc\.seccomp\./, 'use the seccompProfile setting'],
  [/^lxc\.uts\./, 'use the hostname setting'],
]

const LINE = /^\s*(lxc\.[a-z0-9_.-]+)\s*=(.*)$/

/**
 * Checks the text line by line.
 *
 * @param what names the value in messages: `set.rawLxc`
 * @throws InvalidArgumentError with the number of the line and the reason
 */
export function checkRawLxc(text: string, what: string): void {
  for (const [index, raw] of text.split('\n').entries()) {
    if (/^\s*(#.*)?$/.test(raw)) continue
    const reason = refusal(raw)
    if (reason !== null) throw new InvalidArgumentError(what, `line ${index + 1}: ${reason}`)
  }
}

function refusal(raw: string): string | null {
  const match = LINE.exec(raw)
  if (match === null || /[\0\r]/.test(raw)) return 'must be "lxc.key = value"'
  const [, key = '', given = ''] = match
  const value = unquoted(given.trim())
  const refused = REFUSED.find(([pattern]) => pattern.test(key))
  if (refused !== undefined) return `${key} is not allowed: ${refused[1]}`
  if (!ALLOWED.some((allowed) => key === allowed || key.startsWith(`${allowed}.`))) {
    return `${key} is not allowed: it is managed, or not known to be safe`
  }
  // liblxc takes an empty value as "forget what was said before".
  if (value === '') return `${key} must have a value: an empty one would undo what is set above`
  if (key === 'lxc.apparmor.profile' && value === 'generated') {
    return 'lxc.apparmor.profile = generated is not allowed: it runs apparmor_parser on the host'
  }
  if (/^lxc\.net\.\d+\.type$/.test(key) && value === 'none') {
    return `${key} = none is not allowed: the container would share the host's network`
  }
  return key === 'lxc.mount.entry' ? mountRefusal(value) : null
}

// liblxc makes what is missing of the way to the target, and goes up with it.
function mountRefusal(value: string): string | null {
  const [, target] = value.split(/[ \t]+/)
  if (target === undefined) return 'lxc.mount.entry must be like a line of fstab(5)'
  if (target.startsWith('/')) {
    return `lxc.mount.entry with '${target}' would be ignored: the target must not begin with "/"`
  }
  if (target.split('/').includes('..')) return `lxc.mount.entry must not go up in '${target}'`
  return null
}

// As liblxc does before it looks at the value.
function unquoted(value: string): string {
  const quote = value[0]
  const isQuoted = value.length > 1 && (quote === '"' || quote === "'") && value.endsWith(quote)
  return isQuoted ? value.slice(1, -1) : value
}
