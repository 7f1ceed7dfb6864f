// The schemas of everything that is given from outside, as JSON Schema: for a command line, for OpenAPI.

import { z } from 'zod'
import { containerSettings, copySettings, createOptions, reinstallSettings } from './container.js'
import { createGroupOptions, groupSettings } from './group.js'
import { hostOptions } from './host.js'
import { allocateOptions, createIdRangeOptions } from './id-range.js'
import { installOptions } from './pool.js'
import { createUserOptions } from './user.js'

const INPUTS = {
  'host.open': hostOptions,
  'pool.install': installOptions,
  'id-range.create': createIdRangeOptions,
  'id-range.allocate': allocateOptions,
  'user.create': createUserOptions,
  'group.create': createGroupOptions,
  'group.set': groupSettings,
  'container.create': createOptions,
  'container.set': containerSettings,
  'container.copy': copySettings,
  'container.reinstall': reinstallSettings,
} as const

/** JSON Schema (2020-12) of every input, by operation. */
export function jsonSchemas(): Readonly<Record<keyof typeof INPUTS, object>> {
  const entries = Object.entries(INPUTS).map(([name, schema]) => [
    name,
    z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }),
  ])
  return Object.freeze(Object.fromEntries(entries) as Record<keyof typeof INPUTS, object>)
}
