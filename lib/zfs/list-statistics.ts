// Lists by what `zfs list` itself reads: the statistics of each dataset, from which what they leave out
// is added.

import type { ZfsResult } from '#native'
import { native } from '../native.js'
import { call, type ZfsOptions } from './call.js'
import { listByProgram } from './list-program.js'
import type { ListedDataset, ListedProperty, Wanted } from './list.js'
import { propertiesOf, readProperty } from './listed-property.js'
import { asMap } from './program.js'
import { Vocabulary, type Said } from './vocabulary.js'
import { isZfsError } from './zfs-error.js'

const SIZES = new Set(['quota', 'refquota', 'reservation', 'refreservation'])
// What the kernel says is the same for all who ask.
const vocabulary = new Vocabulary()

export async function listStatistics(
  root: string,
  asked: Wanted,
  options: ZfsOptions,
): Promise<ListedDataset[]> {
  const { depth, snapshots, properties } = asked
  // Only volumes have that.
  const wanted = { depth: BigInt(depth), snapshots, properties: [...properties, 'volsize'] }
  let listed: ZfsResult
  try {
    listed = await call(`list ${root}`, () => native.zfs.list(root, wanted), options)
  } catch (error) {
    // Statistics have all user properties, and a guest can have more of them than there is room for.
    if (!isZfsError(error, 'ENOMEM')) throw error
    return listByProgram(root, asked, options)
  }
  const statistics = asMap(listed)
  const names = Object.keys(statistics)
  const said = names.flatMap((name) => {
    const values = asMap(statistics[name])
    const kind = name.includes('@') ? 'snapshot' : 'volsize' in values ? 'volume' : 'filesystem'
    return properties.map((property): Said => {
      return { name, kind, property, raw: rawOf(name, kind, property, values[property]) }
    })
  })
  const answers = await vocabulary.read(root, said, options)
  return names.map((name, index) => {
    const first = index * properties.length
    const own = properties.map((property, offset) => {
      return [property, answers[first + offset] ?? null] as const
    })
    return { name, properties: propertiesOf(own) }
  })
}

/** With what zfs(8) itself adds. */
function rawOf(
  name: string,
  kind: Said['kind'],
  property: string,
  said: ZfsResult | undefined,
): ListedProperty | null {
  const raw = readProperty(name, said)
  if (property === 'mountpoint' && kind === 'filesystem') return mountpointOf(name, raw)
  if (raw === null) return null
  const { value, source } = raw
  if (SIZES.has(property)) return { value, source: source ?? 'default' }
  return property === 'volsize' ? { value, source: 'local' } : raw
}

/** Below that of the dataset which it is inherited from. */
function mountpointOf(name: string, raw: ListedProperty | null): ListedProperty {
  const { value, source } = raw ?? { value: '/', source: 'default' }
  if (typeof value !== 'string' || !value.startsWith('/')) return { value, source }
  if (source === 'local' || source === 'received') return { value, source }
  const from = source === null || source === 'default' ? '' : source
  const rest = name.slice(from.length).replace(/^\//, '')
  return { value: `${value === '/' ? '' : value}/${rest}`, source }
}
