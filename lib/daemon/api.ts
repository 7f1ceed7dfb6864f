// The daemon's API: HTTP and JSON, described by the schemas that check it.

import { createServer, type IncomingMessage } from 'node:http'
import { setImmediate as immediate } from 'node:timers/promises'
import swagger from '@fastify/swagger'
import Fastify, {
  LogController,
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type FastifySchema,
} from 'fastify'
import { z } from 'zod'
import { ClosedError } from '../errors.js'
import type { Host } from '../host/host.js'
import { parse } from '../schema/parse.js'
import type { Call } from './call.js'
import { containerCalls } from './calls/containers.js'
import { entityCalls } from './calls/entities.js'
import { hostCalls } from './calls/host.js'
import { poolCalls } from './calls/pools.js'
import { processCalls } from './calls/processes.js'
import { answerOf, refuseClient, statusOf } from './error-answer.js'
import { streamEvents } from './event-stream.js'
import { addFiles, FILE_TYPE } from './files.js'
import { commandOf, headerOf } from './headers.js'
import { Lines } from './lines.js'
import { noteOf } from './noted.js'
import type { Tasks } from './under-way.js'

export const calls: readonly Call[] = [
  ...hostCalls,
  ...poolCalls,
  ...entityCalls,
  ...containerCalls,
  ...processCalls,
]

/** A client has as long to say what it asks for; a file takes as long as it takes. */
const REQUEST_MS = 60_000
/** Node's own limit of a whole request is for files, too. */
export const serverLimits = { headersTimeout: REQUEST_MS, requestTimeout: 0 }
/** A request holds settings, or a script: not files. */
const MAX_BODY = 2 ** 20
/** Of RFC 7240: what was asked for goes on without the client. */
const ASYNC = 'respond-async'
/** A group's path with its pool. */
const MAX_PARAMETER = 2000

export interface ApiParts {
  readonly host: Host
  readonly tasks: Tasks
  readonly log: FastifyBaseLogger
  /** What `GET /v1/status` answers. */
  readonly status: () => object
  /** Is told after each call that was done. */
  readonly onDone?: () => void
  /** Milliseconds in which a body that is no file has to be there; default a minute. */
  readonly bodyMs?: number
}

export async function makeApi(parts: ApiParts): Promise<FastifyInstance> {
  const { host, tasks, log, status, bodyMs = REQUEST_MS } = parts
  const app: FastifyInstance = Fastify({
    loggerInstance: log,
    // Each request would be two lines; what changes something is told by its call.
    logController: new LogController({ disableRequestLogging: true }),
    // Whoever listens closes, too.
    serverFactory: (listener) => createServer(serverLimits, listener),
    bodyLimit: MAX_BODY,
    routerOptions: {
      maxParamLength: MAX_PARAMETER,
      onMaxParamLength: (_path, _request, response) => {
        response.writeHead(404, { 'content-type': 'application/json' })
        const error = { code: 'ERR_NOT_FOUND', message: 'nothing has such a long name' }
        response.end(JSON.stringify({ error }))
      },
    },
    exposeHeadRoutes: false,
    clientErrorHandler: refuseClient,
    // A path that cannot be read.
    frameworkErrors: (error, _request, reply: FastifyReply) => {
      void reply.code(statusOf(error)).send(answerOf(error))
    },
  })
  app.addHook('preParsing', (request, _reply, _payload, done) => {
    const type = request.headers['content-type']
    if (type !== undefined && !type.startsWith(FILE_TYPE)) limitBody(request.raw, bodyMs)
    done()
  })
  // JSON alone.
  app.removeContentTypeParser('text/plain')
  app.setValidatorCompiler<z.ZodType>(({ schema, httpPart }) => checkedBy(schema, httpPart))
  app.setErrorHandler((error, request, reply) => {
    const code = statusOf(error)
    // That the daemon ends is no failure.
    const failed = code >= 500 && !(error instanceof ClosedError)
    if (failed) request.log.error({ err: error }, 'request failed')
    return reply.code(code).send(answerOf(error))
  })
  app.setNotFoundHandler((request, reply) => {
    const message = `${request.method} ${request.url.slice(0, 200)}: no such call; GET /v1/openapi.json has all`
    return reply.code(404).send({ error: { code: 'ERR_NO_SUCH_CALL', message } })
  })
  await app.register(swagger, {
    openapi: { openapi: '3.1.0', info: { title: 'osctld', version: '1' } },
    transform: ({ schema, url }) => ({ schema: documented(schema), url }),
  })
  await app.register(
    (v1, _options, done) => {
      v1.get('/ping', { schema: told('ping', 'Answers.') }, () => ({ pong: true }))
      v1.get('/status', { schema: told('status', 'What the daemon is, and does.') }, status)
      v1.get('/operations', { schema: told('operation.list', 'What is under way.') }, () =>
        tasks.list(),
      )
      v1.delete<{ Params: { operation: string } }>(
        '/operations/:operation',
        {
          schema: {
            ...told(
              'operation.cancel',
              'Gives up what is under way; whoever asked for it is told.',
            ),
            params: z.strictObject({ operation: z.string() }),
          },
        },
        (request, reply) => {
          tasks.cancel(request.params.operation)
          return reply.code(204).send()
        },
      )
      v1.get(
        '/events',
        {
          schema: {
            ...told('event.stream', 'A line of JSON for each event, without end.'),
            querystring: z.strictObject({
              epoch: z.string().optional(),
              seq: z.coerce.number().int().nonnegative().optional(),
            }),
          },
        },
        (request, reply) => streamEvents(host, request, reply),
      )
      v1.get('/openapi.json', { schema: told('openapi', 'This description.') }, () => app.swagger())
      for (const call of calls) addCall(v1, call, parts)
      addFiles(v1, host)
      done()
    },
    { prefix: '/v1' },
  )
  await app.ready()
  return app
}

function addCall(app: FastifyInstance, call: Call, parts: ApiParts): void {
  app.route({
    method: call.method,
    url: call.path,
    schema: {
      ...told(call.name, call.summary),
      params: call.parameters,
      querystring: call.query,
      ...(call.body === null ? {} : { body: call.body }),
    },
    handler: (request, reply) => answer(call, parts, request, reply),
  })
}

async function answer(
  call: Call,
  { host, tasks, onDone }: ApiParts,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<unknown> {
  const { headers, params: path, body = {}, log } = request
  const query = request.query as { wait?: number }
  const command = commandOf(headers)
  const task = tasks.begin(headerOf(headers, 'operation-id'), call.name, command)
  const background = headers.prefer === ASYNC
  // Whoever has gone does not want it any more.
  if (!background) reply.raw.once('close', () => task.cancel())
  const lines =
    !background && headers.accept?.includes(Lines.TYPE) === true ? new Lines(reply) : null
  const progress = (line: unknown) => {
    task.progress = line
    lines?.offer({ progress: line })
  }
  const { signal } = task
  const options = {
    signal,
    ...(query.wait === undefined ? {} : { wait: query.wait }),
    label: (command ?? call.name).slice(0, 200),
  }
  const work = async (): Promise<unknown> => {
    using _task = task
    const note = noteOf(host, {
      call,
      path: path as Record<string, string>,
      query,
      body,
      command,
      log,
    })
    const result = await call.run({ host, path, query, body, options, progress, log })
    onDone?.()
    await note?.(result)
    return result
  }
  const begun = work()
  // What is wrong with it from the beginning is told.
  if (background && (await Promise.race([begun, immediate(task)])) === task) {
    begun.catch((error: unknown) => {
      log.error({ err: error, call: call.name, command }, 'failed, with nobody waiting for it')
    })
    return reply.code(202).send({ operation: task.id })
  }
  try {
    const result = await begun
    if (lines !== null) return lines.end({ result: result ?? null })
    return result === undefined ? reply.code(204).send() : reply.send(result)
  } catch (error) {
    if (lines === null) throw error
    return lines.end(answerOf(error))
  }
}

/** As Node would end it. */
function limitBody(request: IncomingMessage, ms: number): void {
  const late = () => {
    if (request.complete) return
    const error = new Error('Request timeout')
    refuseClient(Object.assign(error, { code: 'ERR_HTTP_REQUEST_TIMEOUT' }), request.socket)
  }
  const limit = setTimeout(late, ms)
  const { socket } = request
  const over = () => {
    clearTimeout(limit)
    socket.off('close', over)
  }
  for (const event of ['end', 'close']) request.once(event, over)
  // Of one that was answered before it had come whole, that is all that Node says.
  socket.once('close', over)
}

function checkedBy(schema: z.ZodType, part: string | undefined) {
  const what = part === 'params' ? 'path' : part === 'querystring' ? 'query' : (part ?? 'body')
  return (data: unknown) => {
    try {
      const value = parse(schema, data ?? {}, what)
      return { value: what === 'body' ? (data ?? {}) : value }
    } catch (error) {
      return { error: error as Error }
    }
  }
}

export function told(name: string, summary: string) {
  return { operationId: name, summary, tags: [name.replace(/\..*/, '')] }
}

function documented(schema: FastifySchema): FastifySchema {
  const parts = ['params', 'querystring', 'body'] as const
  const changed = parts.flatMap((part) => {
    const given = schema[part]
    if (!(given instanceof z.ZodType)) return []
    return [[part, z.toJSONSchema(given, { io: 'input', unrepresentable: 'any' })] as const]
  })
  return { ...schema, ...Object.fromEntries(changed) }
}
