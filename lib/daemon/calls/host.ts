// Of the machine as a whole.

import { z } from 'zod'
import { STOP_METHODS } from '../../container/stop.js'
import type { UnseenPool } from '../../host/audit.js'
import { call, count, duration, flag, names } from '../call.js'
import { answerOf } from '../error-answer.js'

export const hostCalls = [
  call('host.features', 'GET /host/features', {
    summary: 'What this machine has, and why not what it has not.',
    run: ({ host }) => host.features(),
  }),
  call('host.preflight', 'GET /host/preflight', {
    summary: 'Whether its limits suffice for so many containers.',
    query: { containers: z.coerce.number().int().positive() },
    run: ({ host, query }) => host.preflight(query),
  }),
  call('host.load', 'GET /host/load', {
    summary:
      'How busy it is, and each container that runs, counted until now: rates are the difference of two answers.',
    query: {
      processes: flag
        .default(false)
        .describe('And how many processes do what; looks at all of them'),
      iostat: flag.default(true).describe('And all pools of ZFS, whoever uses them'),
    },
    run: ({ host, query, options: { signal } }) => host.load({ ...query, signal }),
  }),
  call('host.locks', 'GET /host/locks', {
    summary: 'Which operation holds what, for how long.',
    run: ({ host }) => host.locks(),
  }),
  call('host.assets', 'GET /host/assets', {
    summary: 'Everything that the host itself owns, with its state.',
    run: ({ host }) => host.assets(),
  }),
  call('host.health', 'GET /host/health', {
    summary: 'What is missing or left over, and the command that mends it.',
    query: { pools: names, all: flag.optional() },
    run: ({ host, query: { pools = [], all } }) =>
      host.healthcheck({ entities: all === true ? 'all' : pools }),
  }),
  call('host.audit', 'GET /host/audit', {
    summary: 'What the kernel and the disk have of ours that nobody knows of.',
    run: async ({ host, options: { signal } }) => withErrors(await host.audit({ signal })),
  }),
  call('host.recover', 'POST /host/recover', {
    summary: 'Removes what was left of operations that were cut off.',
    run: async ({ host, options }) => withErrors(await host.recover(options)),
  }),
  call('host.shutdown', 'POST /host/shutdown', {
    summary:
      'Starts nothing any more, stops all containers, and exports all pools; goes on without the client.',
    query: { timeout: duration, method: z.enum(STOP_METHODS).optional() },
    run: ({ host, query, options: { signal, label }, progress }) =>
      host.shutdown({ ...query, signal, label, onProgress: progress }),
  }),
  call('host.shutdown.state', 'GET /host/shutdown', {
    summary: 'Whether it is being shut down: `none`, `under-way`, `unfinished` or `finished`.',
    run: async ({ host }) => ({ state: await host.shutdownState() }),
  }),
  call('host.shutdown.abort', 'DELETE /host/shutdown', {
    summary: 'Gives that up; containers can be started again. Answers whether there was one.',
    run: async ({ host }) => ({ aborted: await host.abortShutdown() }),
  }),
  call('host.history', 'GET /host/history', {
    summary: 'What was done to pools, the oldest first.',
    query: { pools: names, last: count.optional().describe('So many; default: all') },
    run: async ({ host, query: { pools, last } }) => {
      const entries = []
      for await (const entry of host.history(pools)) {
        entries.push(entry)
        if (last !== undefined && entries.length > last) entries.shift()
      }
      return entries
    },
  }),
]

/** As JSON, an error would be nothing. */
function withErrors<Report extends { readonly unseen: readonly UnseenPool[] }>(report: Report) {
  const unseen = report.unseen.map(({ pool, error }) => ({ pool, ...answerOf(error) }))
  return { ...report, unseen }
}
