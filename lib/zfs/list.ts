// Reads any number of datasets, with any number of properties, in one call: a channel program runs over
// them in the kernel, zfs-program(8).

import { constants } from 'node:os'
import type { ZfsEntry, ZfsResult } from '#native'
import { native } from '../native.js'
import { call, type ZfsOptions } from './call.js'
import { ZfsError } from './zfs-error.js'

export interface ListedProperty {
  /** What zfsprops(7) gives words to is a word; sizes and counts are numbers. */
  readonly value: string | bigint
  /**
   * `local`, `received`, `default`, `temporary`, or the dataset that it is inherited from; null for
   * figures.
   */
  readonly source: string | null
}

export interface ListedDataset {
  readonly name: string
  /** Without those that it does not have. */
  readonly properties: Readonly<Record<string, ListedProperty>>
}

export interface ListOptions extends ZfsOptions {
  /** How many levels below the first one; default: all. */
  readonly depth?: number
  /** Also snapshots. */
  readonly snapshots?: boolean
  readonly properties?: readonly string[]
}

const PROGRAM = `
local args = ...
local out = {}
local count = 0
local function read(name)
  local values = {}
  for _, property in ipairs(args.properties) do
    local value, source = zfs.get_prop(name, property)
    if value ~= nil then values[property] = { value = value, source = source } end
  end
  count = count + 1
  out[count] = { name = name, values = values }
end
local function visit(name, depth)
  read(name)
  if args.snapshots then
    for snapshot in zfs.list.snapshots(name) do read(snapshot) end
  end
  if depth > 0 then
    for child in zfs.list.children(name) do visit(child, depth - 1) end
  end
end
if not zfs.exists(args.root) then return nil end
visit(args.root, args.depth)
return out
`

// The largest that the kernel gives, zfs_lua_max_instrlimit and zfs_lua_max_memlimit.
export const LIMITS = { instructions: 100_000_000n, memory: 100n * 1024n * 1024n }
const DEPTH = 50
// ZPROP_SOURCE_VAL_RECVD: not the name of a dataset.
const RECEIVED = '$recvd'

/**
 * The dataset, and what is below it, by name: parents before their children, and their snapshots before
 * these.
 *
 * @throws ZfsError ENOENT when there is none
 */
export async function listDatasets(
  root: string,
  { depth = DEPTH, snapshots = false, properties = [], signal }: ListOptions = {},
): Promise<ListedDataset[]> {
  const args: ZfsEntry[] = [
    { name: 'root', value: root },
    { name: 'depth', value: BigInt(Math.min(depth, DEPTH)) },
    { name: 'snapshots', value: snapshots },
    { name: 'properties', value: [...properties] },
  ]
  const pool = root.split(/[/@#]/, 1)[0] ?? root
  const result = await call(() => native.zfs.runProgram(pool, PROGRAM, args, false, LIMITS), {
    signal,
  })
  const list = asMap(result)['return']
  if (typeof list !== 'object' || list === null)
    throw new ZfsError(constants.errno.ENOENT, 'list', root, '', [])
  return entriesOf(list).map(decode).sort(byName)
}

type Result = Readonly<Record<string, ZfsResult>>

function asMap(result: ZfsResult | undefined): Result {
  return typeof result === 'object' && result !== null && !Array.isArray(result) ? result : {}
}

// The kernel has them in an order of its own.
function byName(a: ListedDataset, b: ListedDataset): number {
  const [one = '', two = ''] = [a.name, b.name].map((name) => name.replace('@', '\0'))
  return one < two ? -1 : 1
}

// A list of Lua's is a map by number, and comes in no order.
function entriesOf(list: ZfsResult | undefined): Result[] {
  const map = asMap(list)
  return Object.keys(map)
    .sort((a, b) => Number(a) - Number(b))
    .map((key) => asMap(map[key]))
}

function decode(one: Result): ListedDataset {
  const properties: Record<string, ListedProperty> = Object.create(null) as object as Record<
    string,
    ListedProperty
  >
  const { name } = one
  for (const [property, read] of Object.entries(asMap(one['values']))) {
    const { value, source } = asMap(read)
    if (typeof value !== 'string' && typeof value !== 'bigint') continue
    const from = source === name ? 'local' : source === RECEIVED ? 'received' : source
    properties[property] = {
      // Lua's numbers have a sign, those of ZFS have none.
      value: typeof value === 'bigint' ? BigInt.asUintN(64, value) : value,
      source: typeof from === 'string' ? from : null,
    }
  }
  return { name: typeof name === 'string' ? name : '', properties }
}
