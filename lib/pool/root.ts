// The root directory of a pool: its configuration is written there, and the keeper must see it.

import { stat } from 'node:fs/promises'
import type { HostContext } from '../host/context.js'
import { UnsupportedError } from '../host/errors.js'
import { poolFile } from '../schema/pool.js'
import { ConfigFile } from './config-file.js'
import type { PoolLayout } from './layout.js'

/** `conf/pool/config.yml`, where there is none yet. */
export async function writePoolFile(layout: PoolLayout): Promise<void> {
  if (await stat(layout.poolFile()).catch(() => null)) return
  await new ConfigFile(layout.poolFile(), poolFile).create({
    parallel_start: 2,
    parallel_stop: 4,
    attrs: {},
  })
}

// The keeper has a mount namespace of its own. Where the host's root is no shared mount, filesystems
// that are mounted later do not appear in it: what it writes would be in the directory below.
export async function checkVisible(host: HostContext, path: string): Promise<void> {
  const { pid } = await host.keeper()
  const [ours, theirs] = await Promise.all([
    stat(path),
    stat(`/proc/${pid}/root${path}`).catch(() => null),
  ])
  if (theirs !== null && theirs.dev === ours.dev && theirs.ino === ours.ino) return
  throw new UnsupportedError(
    `pool '${path}'`,
    `its filesystem was mounted after keeper ${pid} had started, which cannot see it; ` +
      'mount it before the host is opened, or make / a shared mount (mount --make-rshared /)',
  )
}
