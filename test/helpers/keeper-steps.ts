// The named steps of the keeper and its children, and how a fault is armed at one of them.
import { readFileSync } from 'node:fs'
import type { Host } from 'vpsadminos'
import { Connection } from '../../dist/keeper/connection.js'

export interface KeeperStep {
  readonly name: string
  readonly who: 'keeper' | 'monitor' | 'init' | 'session' | 'program' | 'edit'
  readonly fails: boolean
}

const line = /^KEEPER_STEP\(\w+, "([^"]+)", (\w+), (true|false),/gm

/** In the order of the file. */
export const keeperSteps: ReadonlyMap<string, KeeperStep> = new Map(
  [...readFileSync('native/keeper/step.def.h', 'utf8').matchAll(line)].map(
    ([, name = '', who, fails]) => [
      name,
      { name, who: who as KeeperStep['who'], fails: fails === 'true' },
    ],
  ),
)

export interface KeeperFault {
  readonly step: string
  readonly how: 'kill' | 'fail'
  /** Who is killed; 0: whoever comes by the step. */
  readonly pid: number
}

/** Until another one is armed. */
export async function armKeeper(host: Host, fault: KeeperFault | null): Promise<void> {
  await host.keeperPid() // there is one
  const connection = new Connection(host.stateDir)
  try {
    const { step = '', how = 'kill', pid = 0 } = fault ?? {}
    await connection.request('FAULT', { STEP: step, OP: how, PID: pid })
  } finally {
    connection.close()
  }
}
