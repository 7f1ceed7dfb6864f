// Raw cgroup parameters, on disk and as given: a file of a controller and the values written to it.

import { z } from 'zod'
import { line } from './names.js'

const FILE = /^[a-z0-9_]+(\.[a-zA-Z0-9_-]+)+$/

export const cgparam = z.looseObject({
  version: z.union([z.literal(1), z.literal(2)]),
  subsystem: z.string().regex(/^[a-z0-9_,]+$/, 'must be a controller'),
  name: z.string().regex(FILE, 'must be a file of a controller, like "memory.high"'),
  value: z.array(z.union([line, z.number()]).transform(String)).min(1, 'must have a value'),
})

/** One parameter: the values are written to `name` one after the other. */
export type Cgparam = z.output<typeof cgparam>

/** As given to `set()`: the subsystem follows from the name. */
export const cgparamInput = z
  .strictObject({
    version: z.union([z.literal(1), z.literal(2)]),
    name: z.string().regex(FILE, 'must be a file of a controller, like "memory.high"'),
    value: z.union([line, z.number(), z.array(z.union([line, z.number()])).min(1)]),
  })
  // Core files (`cgroup.*`) belong to the engine: `cgroup.procs` would move a host process in.
  .refine((param) => !/^(cgroup|tasks|notify_on_release|devices)\b/.test(param.name), {
    path: ['name'],
    error: 'is not a parameter of a controller that may be set',
  })
  .transform(({ version, name, value }): Cgparam => ({
    version,
    subsystem: name.slice(0, name.indexOf('.')),
    name,
    value: (Array.isArray(value) ? value : [value]).map(String),
  }))
