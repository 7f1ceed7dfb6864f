// A container's dataset that is not among those of its pool, as vpsAdminOS lets one choose it. Its file says which
// one, and a pool may be from elsewhere: what others have must not be mounted, or deleted, for that.

import { ConfigBrokenError } from '../../host/errors.js'
import { findDataset, type ListedDataset } from '../../zfs/list.js'
import { isWithin, zpoolOf } from '../../zfs/names.js'
import { LONGEST_NAME } from './guest-datasets.js'
import { ACTIVE, CONFINED_TO, DATASETS } from './names.js'

/** @param pool the dataset of its pool. Not existing is fine. @throws ConfigBrokenError */
export async function assertElsewhere(pool: string, home: string): Promise<void> {
  const reason = await whyNot(pool, home)
  if (reason === null) return
  throw new ConfigBrokenError(home, `cannot be the dataset of a container: ${reason}`, null, null)
}

async function whyNot(pool: string, home: string): Promise<string | null> {
  if (home.length > LONGEST_NAME || !/^[a-zA-Z][\w.:-]*(\/[\w:-][\w.:-]*)+$/.test(home)) {
    return 'it is no name of one'
  }
  if (isWithin(pool, home)) return `pool '${pool}' is in it`
  const part = DATASETS.map((name) => `${pool}/${name}`).find((one) => isWithin(home, one))
  if (part !== undefined) return `it is in '${part}', where others are`
  const found = await findDataset(home, ['canmount', 'zoned', ACTIVE, CONFINED_TO])
  return found === null ? null : whyTheirs(pool, found)
}

function whyTheirs(pool: string, { name, properties }: ListedDataset): string | null {
  if (properties['zoned']?.value === 'on') return 'it is in the hands of another guest'
  // Of what is mounted by itself, or is no filesystem, somebody else has the use.
  const canmount = properties['canmount']?.value ?? 'missing'
  if (canmount !== 'noauto') return `its canmount is ${String(canmount)}, not noauto`
  const owner = poolAround(name, properties)
  return owner !== null && owner !== pool ? `it is in pool '${owner}'` : null
}

/** Of the nearest one above it that says that it is one. */
function poolAround(name: string, properties: ListedDataset['properties']): string | null {
  const active = properties[ACTIVE]
  if (active?.value !== 'yes' || active.source === null) return null
  const marked = active.source === 'local' ? name : active.source
  const confined = properties[CONFINED_TO]
  const root = marked === zpoolOf(name) && confined !== undefined ? confined.value : marked
  return typeof root === 'string' && isWithin(name, root) ? root : null
}
