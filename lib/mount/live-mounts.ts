// Further datasets of a container that runs, as its kernel has them. What has ended meanwhile is no error: the
// next start has them as its file says.

import type { ContainerRecord } from '../container/record.js'
import { InvalidArgumentError } from '../host/errors.js'
import { isNotRunning, KeeperError } from '../keeper/errors.js'
import type { SubMount } from '../keeper/types.js'

/** What the guest has there instead of a directory, or of a place where one can be made. */
const IN_THE_WAY = ['EACCES', 'EEXIST', 'ELOOP', 'ENOTDIR', 'EROFS']

/** @throws InvalidArgumentError where the guest is in the way */
export async function mountLive({ host, pool, id }: ContainerRecord, mount: SubMount) {
  const keeper = await host.keeper()
  await keeper.mount(pool.name, id, mount).catch((error: unknown) => {
    if (isNotRunning(error)) return
    if (!(error instanceof KeeperError) || !IN_THE_WAY.includes(error.code)) throw error
    throw new InvalidArgumentError('mountpoint', `'${mount.at}': ${error.message}`)
  })
}

/**
 * Takes it out of the container, wherever that has it by now.
 *
 * @param others that it is to see all the same
 */
export async function unmountLive(
  record: ContainerRecord,
  mount: SubMount,
  others: readonly SubMount[] = [],
): Promise<void> {
  const { host, pool, id } = record
  const keeper = await host.keeper()
  await keeper.unmount(pool.name, id, mount).catch((error: unknown) => {
    if (!isNotRunning(error)) throw error
  })
  for (const other of others) if (other.dataset === mount.dataset) await mountLive(record, other)
}
