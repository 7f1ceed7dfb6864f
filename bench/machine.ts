// The machine that the figures belong to.
import { execFileSync } from 'node:child_process'
import { cpus, release } from 'node:os'
import { cgroupMode } from './cgroups.js'
import { systemPath } from './rows/lxc.js'

export interface Machine {
  kernel: string
  cpus: string
  node: string
  lxc: string
  crun: string
  runc: string
  cgroups: string
}

export function readMachine(): Machine {
  const all = cpus()
  return {
    kernel: release(),
    cpus: `${all.length} x ${all[0]?.model.trim() ?? 'unknown'}`,
    node: process.versions.node,
    lxc: version('lxc-start'),
    crun: version('crun'),
    runc: version('runc'),
    cgroups: cgroupMode(),
  }
}

function version(program: string): string {
  try {
    const text = execFileSync(program, ['--version'], {
      encoding: 'utf8',
      env: { PATH: systemPath },
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    return /\d+(\.\d+)+\S*/.exec(text)?.[0] ?? text.trim()
  } catch {
    return 'missing'
  }
}
