// Raw cgroup parameters, on disk and as given: a file of a controller and the values written to it.

import { z } from 'zod'
import { limitOf } from '../group/limit-params.js'
import { line } from './names.js'

const FILE = /^[a-z0-9_]+(\.[a-zA-Z0-9_-]+)+$/

export const cgparam = z.looseObject({
  // vpsAdminOS did not write it before it knew the other one.
  version: z.union([z.literal(1), z.literal(2)]).default(1),
  subsystem: z.string().regex(/^[a-z0-9_,]+$/, 'must be a controller'),
  name: z.string().regex(FILE, 'must be a file of a controller, like "memory.high"'),
  value: z.array(z.union([line, z.number()]).transform(String)).min(1, 'must have a value'),
})

/** One parameter: the values are written to `name` one after the other. */
export type Cgparam = z.output<typeof cgparam>

/**
 * A file of a cgroup controller and what is written to it.
 *
 * ```ts
 * await ct.set({ cgparams: [{ version: 2, name: 'memory.high', value: 400 * 2 ** 20 }] })
 * ```
 */
export interface CgparamInput {
  /** Of cgroups: the version whose file it is. Of the other one than this machine's, it is kept. */
  readonly version: 1 | 2
  /** The file: the controller, a dot, and so on. Not one that a limit is stored in. */
  readonly name: string
  /** A list is written one after the other. */
  readonly value: string | number | readonly (string | number)[]
}

/** A change of some parameters, the others staying as they are. */
export interface CgparamChange {
  /** These get a value, or another one. */
  readonly set?: readonly CgparamInput[] | undefined
  /** After the values that they have. Default false. */
  readonly append?: boolean | undefined
  /** These are taken away, of both versions of cgroups where none is given; limits among them are none any more. */
  readonly unset?:
    readonly { readonly name: string; readonly version?: 1 | 2 | undefined }[] | undefined
}

export const NOT_FREE = 'is not a parameter of a controller that may be set'

/** Core files (`cgroup.*`) belong to the engine: `cgroup.procs` would move a host process in. Devices do, too. */
export function isFree({ name }: { readonly name: string }): boolean {
  return !/^(cgroup|tasks|notify_on_release|devices)\b/.test(name)
}

// liblxc takes an empty value, also one in quotes, for a list that is to be cleared.
const given = line.refine((text) => !/^\s*(""|'')?\s*$/.test(text), 'must not be empty')

function refuseLimit({ name }: { readonly name: string }, ctx: z.RefinementCtx): void {
  const limit = limitOf({ name })
  if (limit === undefined) return
  ctx.addIssue({ code: 'custom', path: ['name'], message: `is what ${limit} is for` })
}

/** As given to `set()`: the controller follows from the name. */
export const cgparamInput = z
  .strictObject({
    version: z.union([z.literal(1), z.literal(2)]),
    name: z.string().regex(FILE, 'must be a file of a controller, like "memory.high"'),
    value: z.union([given, z.number(), z.array(z.union([given, z.number()])).min(1)]),
  })
  .refine(isFree, { path: ['name'], error: NOT_FREE })
  .superRefine(refuseLimit)
  .transform(({ version, name, value }): Cgparam => ({
    version,
    subsystem: name.slice(0, name.indexOf('.')),
    name,
    value: (Array.isArray(value) ? value : [value]).map(String),
  }))

const removed = z
  .strictObject({
    name: z.string().regex(FILE, 'must be a file of a controller, like "memory.high"'),
    version: z.union([z.literal(1), z.literal(2)]).optional(),
  })
  .superRefine(refuseLimit)

export const cgparamChange = z.strictObject({
  set: z.array(cgparamInput).default([]),
  append: z.boolean().default(false),
  unset: z.array(removed).default([]),
})
