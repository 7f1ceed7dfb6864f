// What the daemon is told when it starts.

import { isIP } from 'node:net'
import { isAbsolute } from 'node:path'
import { z } from 'zod'
import { hostOptions, type HostOptions } from './host.js'

export interface DaemonOptions extends HostOptions {
  /** Where it listens: for root alone. Default `osctld.sock` in the state directory. */
  readonly socket?: string | undefined
  /** Whether what is to be started by itself is, when a pool was imported. Default true. */
  readonly autostart?: boolean | undefined
  /** Where others than root of this machine ask it: by TLS, with certificates on both sides. Default: nowhere. */
  readonly tls?: TlsOptions | undefined
  /** How much it tells. Default `info`. */
  readonly logLevel?: 'error' | 'warn' | 'info' | 'debug' | undefined
}

export interface TlsOptions {
  /** The address that it listens on. Default `127.0.0.1`. */
  readonly host?: string | undefined
  /** Default 7443; 0: any that is free. */
  readonly port?: number | undefined
  /** A file in PEM: who it is. */
  readonly cert: string
  /** And its key. */
  readonly key: string
  /** A file in PEM: whoever has a certificate that it has signed may ask for everything. */
  readonly clientCa: string
}

const file = z.string().refine(isAbsolute, 'must be an absolute path')

const tlsOptions = z.strictObject({
  host: z
    .string()
    .refine((text) => isIP(text) !== 0, 'must be an IP address')
    .default('127.0.0.1'),
  port: z.number().int().min(0).max(65535).default(7443),
  cert: file,
  key: file,
  clientCa: file,
})

export const daemonOptions = hostOptions.extend({
  socket: z
    .string()
    .refine(isAbsolute, 'must be an absolute path')
    .max(107, 'must be at most 107 characters, as addresses of sockets are short')
    .optional(),
  autostart: z.boolean().default(true),
  tls: tlsOptions.optional(),
  logLevel: z.enum(['error', 'warn', 'info', 'debug']).default('info'),
})
