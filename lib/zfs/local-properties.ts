// What has been set for a dataset itself, to set it for another one that is to take its place.

import { constants } from 'node:os'
import type { ZfsOptions } from './call.js'
import { runProgram } from './program.js'
import { SETTABLE, type Properties, type PropertyValue } from './properties.js'
import { ZfsError } from './zfs-error.js'

const PROGRAM = `
local args = ...
local out = {}
if not zfs.exists(args.name) then return nil end
local function take(property)
  local value, source = zfs.get_prop(args.name, property)
  if value ~= nil and source == args.name then out[property] = value end
end
for _, property in ipairs(args.properties) do take(property) end
for property, value in zfs.list.properties(args.name) do
  local _, source = zfs.get_prop(args.name, property)
  if source == args.name then out[property] = value end
end
return out
`

/** Native and user properties, as {@link setProperties} takes them. @throws ZfsError ENOENT */
export async function localProperties(name: string, options: ZfsOptions = {}): Promise<Properties> {
  const args = [
    { name: 'name', value: name },
    { name: 'properties', value: [...SETTABLE] },
  ]
  const local = await runProgram(name, PROGRAM, args, options)
  if (typeof local !== 'object' || local === null || Array.isArray(local)) {
    throw new ZfsError(constants.errno.ENOENT, 'list', name, '', [])
  }
  const properties: Record<string, PropertyValue> = {}
  for (const [property, value] of Object.entries(local)) {
    if (typeof value === 'string') properties[property] = value
    // Lua has signed numbers; what has no limit is the largest unsigned one.
    else if (typeof value === 'bigint') properties[property] = value < 0n ? 'none' : value
  }
  return properties
}
