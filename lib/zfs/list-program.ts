// Lists by a program that the kernel runs: it opens no dataset for user properties, and for names only
// those that it looks below.

import { constants } from 'node:os'
import type { ZfsOptions } from './call.js'
import type { ListedDataset, Wanted } from './list.js'
import { asList, asMap, runProgram } from './program.js'
import { readProperties } from './listed-property.js'
import { ZfsError } from './zfs-error.js'

// What has a name of 254 bytes or more can have nothing below it, nor a snapshot. And who asks for its children
// stops the kernel's thread for ever, and with it the zpool: zcp_children_iter() has no room for the slash, and
// asserts that it has (2.3.9, tried).
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
  if #name >= 254 then return end
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

export async function listByProgram(
  root: string,
  { depth, snapshots, properties }: Wanted,
  options: ZfsOptions,
): Promise<ListedDataset[]> {
  const args = [
    { name: 'root', value: root },
    { name: 'depth', value: BigInt(depth) },
    { name: 'snapshots', value: snapshots },
    { name: 'properties', value: [...properties] },
  ]
  const list = await runProgram(root, PROGRAM, args, options)
  if (typeof list !== 'object' || list === null) {
    throw new ZfsError(constants.errno.ENOENT, 'list', root, '', [])
  }
  return asList(list).map((one) => {
    const { name, values } = asMap(one)
    const dataset = typeof name === 'string' ? name : ''
    return { name: dataset, properties: readProperties(dataset, values) }
  })
}
