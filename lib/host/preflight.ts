// Which limits of this machine are in the way of a number of containers, what they are, and what they
// should be.

import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { parse } from '../schema/parse.js'

export interface PreflightOptions {
  /** How many containers are to run at the same time. */
  readonly containers: number
}

export interface PreflightCheck {
  /** A sysctl, or a limit of the keeper: `fs.inotify.max_user_instances`. */
  readonly name: string
  /** Null where the kernel has no such limit. `Infinity` for none. */
  readonly current: number | null
  readonly needed: number
  readonly ok: boolean
  /** What runs out, in words. */
  readonly purpose: string
  /** The command that raises it; null where it is high enough, which that could lower. */
  readonly raise: string | null
}

export interface PreflightReport {
  readonly ok: boolean
  readonly checks: readonly PreflightCheck[]
}

interface Rule {
  readonly name: string
  /** What the machine itself needs. */
  readonly base: number
  /** A booted Debian with systemd, measured and rounded up. */
  readonly each: number
  readonly purpose: string
}

// For the machine, or for its root.
const RULES: readonly Rule[] = [
  { name: 'fs.file-max', base: 8192, each: 512, purpose: 'open files of the whole machine' },
  { name: 'fs.inotify.max_queued_events', base: 16384, each: 0, purpose: 'file events that wait' },
  { name: 'kernel.keys.maxbytes', base: 20000, each: 0, purpose: 'size of the keys of one user' },
  { name: 'kernel.keys.maxkeys', base: 200, each: 0, purpose: 'keys of one user' },
  { name: 'kernel.keys.root_maxbytes', base: 20000, each: 512, purpose: "size of root's keys" },
  { name: 'kernel.keys.root_maxkeys', base: 200, each: 8, purpose: "root's keys, a ring for each" },
  { name: 'kernel.pid_max', base: 4096, each: 64, purpose: 'processes' },
  { name: 'kernel.pty.max', base: 64, each: 8, purpose: 'terminals' },
  { name: 'kernel.threads-max', base: 4096, each: 64, purpose: 'processes and threads' },
  { name: 'net.core.netdev_max_backlog', base: 1000, each: 0, purpose: 'packets that wait' },
  { name: 'net.ipv4.neigh.default.gc_thresh3', base: 512, each: 4, purpose: 'IPv4 neighbours' },
  { name: 'net.ipv6.neigh.default.gc_thresh3', base: 512, each: 4, purpose: 'IPv6 neighbours' },
  { name: 'user.max_user_namespaces', base: 16, each: 4, purpose: 'user namespaces' },
]

// Counted for the user in a user namespace, and for the user who made it. That is each container's root, not
// the host's: each has as much for itself, and the host has. Those that share a user share it.
const OWN_RULES: readonly Rule[] = [
  { name: 'fs.inotify.max_user_instances', base: 128, each: 16, purpose: 'watchers of files' },
  { name: 'fs.inotify.max_user_watches', base: 8192, each: 256, purpose: 'watched files' },
  { name: 'user.max_cgroup_namespaces', base: 16, each: 2, purpose: 'cgroup namespaces' },
  { name: 'user.max_ipc_namespaces', base: 16, each: 4, purpose: 'IPC namespaces' },
  { name: 'user.max_mnt_namespaces', base: 64, each: 16, purpose: 'mount namespaces' },
  { name: 'user.max_net_namespaces', base: 16, each: 4, purpose: 'network namespaces' },
  { name: 'user.max_pid_namespaces', base: 16, each: 4, purpose: 'process namespaces' },
  { name: 'user.max_uts_namespaces', base: 16, each: 4, purpose: 'host name namespaces' },
]

/** The keeper's own, by the title in `/proc/PID/limits`. */
const KEEPER_RULES: readonly (Rule & { readonly title: string })[] = [
  {
    name: 'nofile',
    title: 'Max open files',
    base: 256,
    each: 8,
    purpose: "the keeper's descriptors of init, sessions, consoles",
  },
  {
    name: 'nproc',
    title: 'Max processes',
    base: 256,
    each: 64,
    purpose: 'processes of the user who starts containers',
  },
]

const schema = z.object({ containers: z.number().int().positive('must be above 0').max(1_000_000) })

export async function preflight(
  options: PreflightOptions,
  keeperPid: number,
): Promise<PreflightReport> {
  const { containers } = parse(schema, options, 'preflight')
  const limits = await readFile(`/proc/${keeperPid}/limits`, 'utf8')
  const checks = await Promise.all([
    ...RULES.map((rule) => sysctl(rule, rule.base + rule.each * containers)),
    ...OWN_RULES.map((rule) => sysctl(rule, Math.max(rule.base, rule.each))),
  ])
  for (const rule of KEEPER_RULES) {
    const hard = new RegExp(`^${rule.title}\\s+\\S+\\s+(\\S+)`, 'm').exec(limits)?.[1]
    const current = hard === undefined ? null : hard === 'unlimited' ? Infinity : Number(hard)
    const needed = rule.base + rule.each * containers
    const raise = `ulimit -H${rule.name === 'nofile' ? 'n' : 'u'} ${needed}, before the host is opened`
    checks.push(check(`limit.${rule.name}`, current, needed, rule.purpose, raise))
  }
  return Object.freeze({ ok: checks.every(({ ok }) => ok), checks })
}

async function sysctl({ name, purpose }: Rule, needed: number): Promise<PreflightCheck> {
  // An interface's name may hold a dot, none of these does.
  const path = `/proc/sys/${name.replaceAll('.', '/')}`
  const text = await readFile(path, 'utf8').catch(() => null)
  const current = text === null ? null : Number(text)
  return check(name, current, needed, purpose, `sysctl -w ${name}=${needed}`)
}

function check(
  name: string,
  current: number | null,
  needed: number,
  purpose: string,
  raise: string,
): PreflightCheck {
  const ok = current === null || current >= needed
  return Object.freeze({ name, current, needed, ok, purpose, raise: ok ? null : raise })
}
