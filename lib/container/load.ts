// Reads one container of a pool.

import { ConfigBrokenError } from '../host/errors.js'
import { ConfigFile } from '../pool/config-file.js'
import type { Pool } from '../pool/pool.js'
import { containerFile } from '../schema/container.js'
import { Container } from './container.js'
import { removeHome, removeTraces } from './delete.js'
import { ContainerRecord } from './record.js'
import { takeBackRename } from './rename.js'

/** Null for one that was never finished, or whose deletion was: what is left of it goes. */
export async function loadContainer(pool: Pool, id: string): Promise<Container | null> {
  const file = new ConfigFile(pool.layout.confFile('ct', id), containerFile)
  let config = await file.read()
  const user = pool.users.get(config.user)
  const group = pool.groups.get(config.group)
  const home = pool.driver.home(id, config.dataset ?? null)
  // Before anything is removed, or named otherwise.
  await pool.driver.check(home)
  if (config.state === 'staged') {
    await removeHome(pool, home, config)
    await removeTraces(pool, id)
    await file.remove()
    return null
  }
  const { renaming } = config.vpsadminos
  if (renaming?.from === id && pool.lock !== null) {
    config = await takeBackRename(pool, file, config, renaming)
  }
  if (user === undefined) throw missing(file.path, `user '${config.user}'`)
  if (group === undefined) throw missing(file.path, `group '${config.group}'`)
  return new Container(new ContainerRecord(pool, id, file, config, user, group))
}

function missing(path: string, what: string): ConfigBrokenError {
  return new ConfigBrokenError(path, `${what} does not exist`, null, null)
}
