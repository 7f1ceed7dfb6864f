// A configuration made from settings: liblxc reads what was meant, line for line.
import { utsName } from '../../dist/container/hostname.js'
import { renderLxcConfig } from '../../dist/container/lxc-config.js'
import { InvalidArgumentError } from '../../dist/host/errors.js'
import { containerSettings } from '../../dist/schema/container.js'
import { parse } from '../../dist/schema/parse.js'
import { PRLIMIT_NAMES } from '../../dist/schema/prlimits.js'
import { check, Input, unless } from './finding.js'
import { loaded } from './liblxc.js'

const KINDS = /** @type {const} */ (['systemd', 'busybox', 'openrc', 'runit', 'sysvinit', 'other'])

/** @param {Input} input */
function settingsOf(input) {
  const limit = () => (input.byte() % 4 === 0 ? 'unlimited' : input.number(2 ** 24))
  const given = {
    hostname: input.text(),
    initCmd: [`/${input.text()}`, input.text()],
    prlimits: { [input.pick(PRLIMIT_NAMES)]: { soft: limit(), hard: limit() } },
    cgparams: [{ version: 2, name: `memory.${input.text()}`, value: [input.text()] }],
    netif: { type: 'bridge', name: input.text(), link: input.text() },
    seccompProfile: `/${input.text()}`,
  }
  // What is no such value is left out, so that the others are tried.
  for (const [name, value] of Object.entries(given)) {
    const taken = unless(
      () => parse(containerSettings, { [name]: value }, 'set'),
      InvalidArgumentError,
    )
    if (taken === null) delete given[/** @type {keyof typeof given} */ (name)]
  }
  return parse(containerSettings, given, 'set')
}

/**
 * What is left of a value when liblxc has read its line. No file of a cgroup wants more.
 *
 * @param {string} value
 */
function written(value) {
  const trimmed = value.replace(/^[ \t]+|[ \t]+$/g, '')
  return /^(["']).*\1$/.test(trimmed) && trimmed.length > 1 ? trimmed.slice(1, -1) : trimmed
}

/**
 * As liblxc writes a path: the same place, without what says nothing.
 *
 * @param {string} path
 */
function simplified(path) {
  const parts = path.split('/').filter((part) => part !== '' && part !== '.')
  return `/${parts.join('/')}`
}

/** @param {Buffer} data */
export async function fuzz(data) {
  const input = new Input(data)
  const kind = input.pick(KINDS)
  const set = settingsOf(input)
  const prlimits = Object.fromEntries(
    Object.entries(set.prlimits ?? {}).flatMap(([name, pair]) =>
      pair === null ? [] : [[name, pair]],
    ),
  )
  const distribution = input.pick(['debian', 'fedora'])
  const hostname = utsName('id', set.hostname ?? null, distribution)
  const text = renderLxcConfig({
    hostname,
    arch: 'x86_64',
    rootfs: '/run/osctl/rootfs/pool/id',
    uidMap: [{ nsId: 0, hostId: 1_000_000, count: 65536 }],
    gidMap: [{ nsId: 0, hostId: 1_000_000, count: 65536 }],
    init: kind,
    initCmd: set.initCmd ?? ['/sbin/init'],
    programRun: false,
    cgroup: { container: 'osctl/ct', monitor: 'osctl/monitor', pivot: 'osctl/pivot' },
    cgroupVersion: 2,
    cgparams: set.cgparams ?? [],
    devices: [],
    prlimits,
    seccompProfile: set.seccompProfile ?? '/profile',
    apparmorProfile: null,
    masked: ['proc/kcore'],
    netif: set.netif
      ? { link: set.netif.link, name: set.netif.name, hwaddr: null, pair: 'veth0' }
      : null,
    nesting: input.byte() % 2 === 1,
    mounts: [{ source: '/run/osctl/rootfs/pool/id.mounts/0', at: `/${input.text()}` }],
    logFile: '/log',
    consoleLog: '/console',
    notifySocket: kind === 'systemd' ? '/notify' : null,
    rawLxc: '',
  })
  const wanted = new Map([
    ['lxc.uts.name', hostname],
    ['lxc.seccomp.profile', simplified(set.seccompProfile ?? '/profile')],
    ['lxc.net.0.type', set.netif ? 'veth' : 'empty'],
    ['lxc.hook.start', ''],
  ])
  if (set.netif) wanted.set('lxc.net.0.name', set.netif.name).set('lxc.net.0.link', set.netif.link)
  for (const [name, { soft, hard }] of Object.entries(prlimits)) {
    wanted.set(`lxc.prlimit.${name}`, soft === hard ? `${soft}` : `${soft}:${hard}`)
  }
  for (const { name, value } of set.cgparams ?? []) {
    wanted.set(`lxc.cgroup2.${name}`, value.map((each) => `${written(each)}\n`).join(''))
  }
  const read = await loaded(text, [...wanted.keys()])
  check(read !== null, `liblxc refuses\n${text}`)
  for (const [key, value] of wanted)
    check(read[key] === value, `${key}: ${read[key]}, not ${value}`)
}
