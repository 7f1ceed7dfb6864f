// Asks the keeper again what a container does, where something makes one doubt what is known of it.

import { abandon } from '../abandon.js'
import { checkOptions, type OperationOptions } from '../host/operation.js'
import type { Known } from '../keeper/types.js'
import type { ContainerRecord } from './record.js'

export interface RecoverStateOptions extends OperationOptions {
  /** Waits for, or is refused by, what else is done to it. False: it is asked beside that. Default true. */
  readonly lock?: boolean | undefined
}

/** @param adopt takes over what runs */
export async function recoverState(
  record: ContainerRecord,
  adopt: (known: Known) => Promise<void>,
  options: RecoverStateOptions = {},
): Promise<void> {
  checkOptions(options, 'recoverState', ['lock'])
  const { lock = true, ...given } = options
  {
    using op = lock ? await record.begin('recover', given) : record.beside('recover', given)
    await abandon(askKeeper(record, adopt), op.signal)
    await record.imageRun.settled()
  }
  // One that lasts for a run is deleted by another operation.
  await record.ephemeral.settled()
}

/** What it does, from who knows. For who has the container to itself, or does not mind. */
export async function askKeeper(
  record: ContainerRecord,
  adopt: (known: Known) => Promise<void>,
): Promise<void> {
  const keeper = await record.host.keeper()
  const adopted: Promise<void>[] = []
  // At once: what the keeper tells next is newer.
  await keeper.containers((all) => {
    const found = all.find(({ pool, id }) => pool === record.pool.name && id === record.id)
    if (found === undefined) record.lost()
    else adopted.push(adopt(found))
  })
  await Promise.all(adopted)
}
