// Files in containers, written and read as they are.

import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Readable } from 'node:stream'
import { z } from 'zod'
import type { Host } from '../host/host.js'
import { count, flag, reference } from './call.js'
import { answerOf } from './error-answer.js'
import { goneOf } from './gone.js'
import { commandOf } from './headers.js'
import { noteOf } from './noted.js'

const params = z.strictObject({ container: reference })
const pushed = z.strictObject({
  path: z.string(),
  mode: count.optional(),
  uid: count.optional(),
  gid: count.optional(),
  mkdirs: flag.optional(),
})
const pulled = z.strictObject({ path: z.string() })
export const FILE_TYPE = 'application/octet-stream'

interface Route<Query extends z.ZodType> {
  Params: z.output<typeof params>
  Querystring: z.output<Query>
  Body: Readable
}

export function addFiles(app: FastifyInstance, host: Host): void {
  // It is read as it is written: how much there is does not matter.
  app.addContentTypeParser(FILE_TYPE, (_request, payload, done) => done(null, payload))
  app.put<Route<typeof pushed>>(
    '/containers/:container/files',
    {
      schema: {
        operationId: 'container.push',
        summary: 'Replaces a file in it, at once, by what is sent.',
        tags: ['container'],
        consumes: [FILE_TYPE],
        params,
        querystring: pushed,
      },
    },
    async (request, reply) => {
      const { path, ...how } = request.query
      const note = notedFile(host, 'container.push', request)
      await host.containers
        .get(request.params.container)
        .push(path, request.body, { ...how, signal: goneOf(reply) })
      await note?.(null)
      return reply.code(204).send()
    },
  )
  app.get<Route<typeof pulled>>(
    '/containers/:container/files',
    {
      schema: {
        operationId: 'container.pull',
        summary: 'Answers what is in a file of it.',
        tags: ['container'],
        params,
        querystring: pulled,
      },
    },
    async (request, reply) => {
      const { container } = request.params
      const { path } = request.query
      try {
        const file = await host.containers.get(container).pull(path, { signal: goneOf(reply) })
        return await reply.type(FILE_TYPE).send(file)
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException
        if (code !== 'ENOENT' && code !== 'ENOTDIR') throw error
        return await reply.code(404).send(answerOf(error))
      }
    },
  )
  app.delete<Route<typeof pulled>>(
    '/containers/:container/files',
    {
      schema: {
        operationId: 'container.remove',
        summary: 'Removes a file or link of it. One that is not there is fine.',
        tags: ['container'],
        params,
        querystring: pulled,
      },
    },
    async (request, reply) => {
      const { container } = request.params
      const note = notedFile(host, 'container.remove', request)
      await host.containers.get(container).remove(request.query.path, { signal: goneOf(reply) })
      await note?.(null)
      return reply.code(204).send()
    },
  )
}

/** Where it is, and not what is in it. */
function notedFile(host: Host, name: string, request: FastifyRequest) {
  return noteOf(host, {
    call: { method: request.method, name, noted: () => null },
    path: request.params as Record<string, string>,
    query: request.query as object,
    body: null,
    command: commandOf(request.headers),
    log: request.log,
  })
}
