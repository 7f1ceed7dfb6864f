// The kinds of init programs: how each is told to halt and to reboot, and when it counts as ready.
import { SIGRTMIN } from '../ns/signal.js'

/** What `/sbin/init` of a guest is. */
export type InitKind = 'systemd' | 'busybox' | 'openrc' | 'runit' | 'sysvinit' | 'other'

/** Signals that an init takes as orders, as numbers and as LXC writes them. */
export interface InitSignals {
  readonly halt: Signal
  readonly reboot: Signal
}

interface Signal {
  readonly number: number
  readonly name: string
}

const named = (name: string, number: number): Signal => ({ name, number })
const realtime = (offset: number): Signal => ({
  name: `SIGRTMIN+${offset}`,
  // systemd counts as glibc does.
  number: SIGRTMIN + offset,
})

const SIGINT = named('SIGINT', 2)
const SIGUSR2 = named('SIGUSR2', 12)
const SIGTERM = named('SIGTERM', 15)
const SIGCONT = named('SIGCONT', 18)
const SIGPWR = named('SIGPWR', 30)

const SIGNALS: Readonly<Record<InitKind, InitSignals>> = {
  systemd: { halt: realtime(3), reboot: realtime(5) },
  busybox: { halt: SIGUSR2, reboot: SIGTERM },
  openrc: { halt: SIGTERM, reboot: SIGINT },
  // runit looks at the modes of /etc/runit/{stopit,reboot} when it gets SIGCONT.
  runit: { halt: SIGCONT, reboot: SIGCONT },
  sysvinit: { halt: SIGPWR, reboot: SIGINT },
  other: { halt: SIGTERM, reboot: SIGINT },
}

export function signalsOf(init: InitKind): InitSignals {
  return SIGNALS[init]
}

/** True when the guest itself says that it is up; for others, running is all there is to know. */
export function announcesReadiness(init: InitKind): boolean {
  return init === 'systemd'
}

/** What a program is, by the path that `/sbin/init` leads to. */
export function initKindOf(target: string): InitKind {
  const name = target.slice(target.lastIndexOf('/') + 1)
  if (name === 'systemd') return 'systemd'
  if (name === 'busybox' || name === 'busybox.static') return 'busybox'
  if (name === 'openrc-init') return 'openrc'
  if (name === 'runit-init' || name === 'runit') return 'runit'
  return 'other'
}
