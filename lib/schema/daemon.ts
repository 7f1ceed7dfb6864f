// What the daemon is told when it starts.

import { isAbsolute } from 'node:path'
import { z } from 'zod'
import { hostOptions, type HostOptions } from './host.js'

export interface DaemonOptions extends HostOptions {
  /** Where it listens: for root alone. Default `osctld.sock` in the state directory. */
  readonly socket?: string | undefined
  /** Whether what is to be started by itself is, when a pool was imported. Default true. */
  readonly autostart?: boolean | undefined
  /** How much it tells. Default `info`. */
  readonly logLevel?: 'error' | 'warn' | 'info' | 'debug' | undefined
}

export const daemonOptions = hostOptions.extend({
  socket: z
    .string()
    .refine(isAbsolute, 'must be an absolute path')
    .max(107, 'must be at most 107 characters, as addresses of sockets are short')
    .optional(),
  autostart: z.boolean().default(true),
  logLevel: z.enum(['error', 'warn', 'info', 'debug']).default('info'),
})
