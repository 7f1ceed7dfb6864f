// A group is a node of the cgroup tree: what may be asked for, and what stands in its config.yml.

import { z } from 'zod'
import { attrsFile } from './attributes.js'
import { cgparam, cgparamInput, type CgparamInput } from './cgparam.js'
import { limits, type LimitsInput } from './limits.js'
import { groupPath } from './names.js'
import { nullIsNone } from './null-is-none.js'

/** What `set()` can change: at once, for all containers and groups below together. */
export interface GroupSettingsInput extends LimitsInput {
  /** Raw cgroup parameters; the list replaces the one before. Default: none. */
  readonly cgparams?: readonly CgparamInput[] | null | undefined
}

export const groupSettings = limits.extend({
  cgparams: z.array(cgparamInput).nullish(),
})

export interface CreateGroupOptions extends GroupSettingsInput {
  /** Absolute: `/a/b`. */
  readonly path: string
  /** The pool's name. Default: the first pool. */
  readonly pool?: string | undefined
  /** Also makes the groups above it. Default false. */
  readonly parents?: boolean | undefined
}

export const createGroupOptions = groupSettings.extend({
  path: groupPath,
  pool: z.string().optional(),
  parents: z.boolean().default(false),
})

/** `conf/group/PATH/config.yml` */
export const groupFile = z.looseObject({
  cgparams: nullIsNone(z.array(cgparam).default([])),
  attrs: attrsFile,
  vpsadminos: z.looseObject({ pids_limit: z.number().nullish() }).default({}),
})
export type GroupFile = z.output<typeof groupFile>
