// What the keeper is told of a container to start it, and to start it again when it reboots from inside.

import type { StartPlan } from '../keeper/types.js'
import { initProgram } from '../keeper/spawn.js'
import { imageRunDirectory, notifySocket, programRunDirectory, seccompProfile } from './lxc-file.js'
import type { ContainerRecord } from './record.js'

export const DEFAULT_TIMEOUT_MS = 60_000

interface Planned {
  readonly config: ContainerRecord['config']
  readonly name: string
  readonly plan: StartPlan
}

const planned = new WeakMap<ContainerRecord, Planned>()

/** Of what runs, or of the next run. */
export function presentPlan(record: ContainerRecord, timeout = DEFAULT_TIMEOUT_MS): StartPlan {
  const own = startPlan(record, timeout)
  if (record.programRun.present) {
    const config = programRunDirectory(record)
    return { ...own, config, notifySocket: null, init: initProgram() }
  }
  if (!record.imageRun.present) return own
  const { root } = record
  return {
    ...own,
    config: imageRunDirectory(record),
    rootfs: record.rootfsPlan(root),
    notifySocket: notifySocket(record, root),
    next: own,
  }
}

/** Of the container's own root. Made anew when the configuration, which is replaced and never changed, is another one. */
export function startPlan(record: ContainerRecord, timeout = DEFAULT_TIMEOUT_MS): StartPlan {
  const timeoutMs = Math.min(timeout, 2 ** 31 - 1)
  const { config, name } = record
  const known = planned.get(record)
  if (known?.config === config && known.name === name && known.plan.timeoutMs === timeoutMs) {
    return known.plan
  }
  const plan = makePlan(record, timeoutMs)
  planned.set(record, { config, name, plan })
  return plan
}

function makePlan(record: ContainerRecord, timeoutMs: number): StartPlan {
  const { pool, host, id } = record
  return {
    pool: pool.name,
    id,
    lxcPath: host.paths.lxc(pool.name),
    rootfs: record.rootfsPlan(),
    cgroup: record.cgroup,
    seccompProfile: seccompProfile(record),
    notifySocket: notifySocket(record, record.ownRoot),
    logFile: pool.layout.log(id),
    consoleLog: pool.layout.consoleLog(id),
    timeoutMs,
    delegated: record.delegated(),
  }
}
