// A group is a node of the cgroup tree: what may be asked for, and what stands in its config.yml.

import { z } from 'zod'
import { cgparam, cgparamInput } from './cgparam.js'
import { limits } from './limits.js'
import { groupPath } from './names.js'

/** What `set()` can change. */
export const groupSettings = limits.extend({
  cgparams: z.array(cgparamInput).nullish(),
})
export type GroupSettingsInput = z.input<typeof groupSettings>
export type GroupSettings = z.output<typeof groupSettings>

export const createGroupOptions = groupSettings.extend({
  path: groupPath,
  pool: z.string().optional(),
  /** Also makes the groups above it. */
  parents: z.boolean().default(false),
})
export type CreateGroupOptions = z.input<typeof createGroupOptions>

/** `conf/group/PATH/config.yml` */
export const groupFile = z.looseObject({
  cgparams: z.array(cgparam).default([]),
  vpsadminos: z.looseObject({ pids_limit: z.number().nullish() }).default({}),
})
export type GroupFile = z.output<typeof groupFile>
