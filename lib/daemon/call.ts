// One thing that can be asked of the daemon: where it is in the API, what it takes, and what it does.

import type { FastifyBaseLogger } from 'fastify'
import { z } from 'zod'
import { STATS_FIGURES, type StatsFigure } from '../cgroup/figures.js'
import type { Attributes } from '../attribute/attributes.js'
import type { Host } from '../host/host.js'
import type { OperationOptions } from '../host/operation.js'

/** What a call is given, checked. */
export interface Asked<Path, Query, Body> {
  readonly host: Host
  readonly path: Path
  readonly query: Query
  /** As it came: the engine checks it by the same schema, and has the defaults. */
  readonly body: Body
  /** To be passed to the engine: the caller's patience, name, and whether it is still there. */
  readonly options: OperationOptions & { readonly signal: AbortSignal }
  /** Tells whoever watches how far it is. */
  readonly progress: (line: unknown) => void
  readonly log: FastifyBaseLogger
}

export interface Call {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  /** Below `/v1`: `/containers/:container/start`. */
  readonly path: string
  /** What it is called, also in lists of what is under way: `container.start`. */
  readonly name: string
  /** One sentence for the API's description. */
  readonly summary: string
  readonly parameters: z.ZodObject
  readonly query: z.ZodObject
  readonly body: z.ZodType | null
  /** What of a body stands in the history. */
  readonly noted: (body: unknown) => unknown
  run(asked: Asked<unknown, unknown, unknown>): unknown
}

interface Parts<P extends z.ZodRawShape, Q extends z.ZodRawShape, B extends z.ZodType> {
  readonly summary: string
  readonly path?: P
  readonly query?: Q
  readonly body?: B
  /** Default: all of it. */
  readonly noted?: (body: z.input<B>) => unknown
  run(asked: Asked<z.output<z.ZodObject<P>>, z.output<z.ZodObject<Q>>, z.input<B>>): unknown
}

/** @param where its method and path: `POST /containers/:container/start` */
export function call<
  P extends z.ZodRawShape = Record<never, never>,
  Q extends z.ZodRawShape = Record<never, never>,
  B extends z.ZodType = z.ZodNull,
>(name: string, where: `${Call['method']} /${string}`, parts: Parts<P, Q, B>): Call {
  const [method, path] = where.split(' ') as [Call['method'], string]
  return {
    method,
    path,
    name,
    summary: parts.summary,
    parameters: z.strictObject(parts.path ?? {}),
    query: z.strictObject({ ...parts.query, ...(method === 'GET' ? {} : patience) }),
    body: parts.body ?? null,
    noted: (parts.noted ?? ((body: unknown) => body)) as Call['noted'],
    run: (asked) => parts.run(asked as Parameters<typeof parts.run>[0]),
  }
}

/** Words of a query are text. */
export const duration = z
  .union([z.literal('infinity'), z.coerce.number().nonnegative()])
  .transform((value) => (value === 'infinity' ? Infinity : value))
  .optional()
  .describe('Milliseconds; `infinity`: for ever')
export const flag = z.enum(['true', 'false']).transform((text) => text === 'true')
/** `a,b` */
export const words = z.string().transform((text) => text.split(',').filter(Boolean))
export const names = words.optional()
/** Of what containers and groups use. */
export const figures = z
  .string()
  .transform((text) => text.split(',') as StatsFigure[])
  .optional()
  .describe(`Those alone, by comma: ${STATS_FIGURES.join(', ')}; default: all`)

export const count = z.coerce.number().int().nonnegative()
/** Of each call that changes something. */
const patience = {
  wait: duration.describe(
    'Milliseconds to wait for other operations on the same thing; `infinity`: for ever',
  ),
}

/** What every program in a container is begun with. */
export const program = {
  args: z.array(z.string()).min(1, 'must name a program'),
  env: z.record(z.string(), z.string()).optional(),
  cwd: z.string().optional(),
  user: z.union([z.string(), z.number()]).optional(),
  run: z.boolean().optional().describe('Starts one that is stopped, for this program alone'),
  network: z.boolean().optional().describe('With `run`: with its network interfaces'),
}

/** `[POOL:]ID` */
export const reference = z.string().min(1).max(2000)

/** What each kind of thing is described with, by whoever runs it. */
export function attributesCall<P extends z.ZodRawShape>(
  kind: string,
  where: string,
  path: P,
  of: (host: Host, path: z.output<z.ZodObject<P>>) => Attributes,
): Call {
  return call(`${kind}.attributes`, `PATCH /${where}/attributes`, {
    summary: 'Sets attributes, and takes away those that are `null`.',
    path,
    body: z.record(z.string(), z.string().nullable()),
    run: ({ host, path: asked, body, options }) => of(host, asked).set(body, options),
  })
}
