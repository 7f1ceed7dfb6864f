// Whether and when a container starts by itself.

import { z } from 'zod'
import { containerId } from './names.js'

export interface AutostartInput {
  /** 0 is first. Default 1000. */
  readonly priority?: number | undefined
  /** Seconds, as vpsAdminOS has it; nothing waits so long. Default 5. */
  readonly delay?: number | undefined
  /** Containers of the same pool that must be ready before it starts, if they start at all. Default none. */
  readonly after?: readonly string[] | undefined
  /** As `after`; it does not start where one of them is not ready. They start with it. Default none. */
  readonly requires?: readonly string[] | undefined
}

const MOST = 16
const others = z.array(containerId).max(MOST, `must be at most ${MOST}`).default([])

export const autostart = z.strictObject({
  priority: z.number().int().nonnegative().max(1_000_000, 'must be at most 1000000').default(1000),
  delay: z.number().nonnegative().default(5),
  after: others,
  requires: others,
})

export const autostartOptions = z.strictObject({ again: z.boolean().default(false) })

export const enqueueOptions = z.strictObject({
  priority: z.number().int().nonnegative().max(1_000_000, 'must be at most 1000000').default(10),
})
