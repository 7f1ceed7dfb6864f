// What has become of the pools that the configuration of osctld names.

import type { Session } from './session.js'

export interface ConfiguredPool {
  readonly state: 'importing' | 'active' | 'exported' | 'failed'
  readonly options: { readonly name: string }
  /** Why it failed. */
  readonly error?: { readonly message: string }
}

export async function configuredPools({ daemon }: Session): Promise<readonly ConfiguredPool[]> {
  const { pools } = await daemon.ask<{ pools: Readonly<Record<string, ConfiguredPool>> }>(
    'GET /status',
  )
  return Object.values(pools)
}
