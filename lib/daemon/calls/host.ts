// Of the machine as a whole.

import { z } from 'zod'
import { call, count, flag, names } from '../call.js'

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
    run: ({ host, options: { signal } }) => host.audit({ signal }),
  }),
  call('host.recover', 'POST /host/recover', {
    summary: 'Removes what was left of operations that were cut off.',
    run: ({ host, options }) => host.recover(options),
  }),
  call('host.history', 'GET /host/history', {
    summary: 'What was done to pools, the oldest first.',
    query: { pools: names, last: count.default(1000) },
    run: async ({ host, query: { pools, last } }) => {
      const entries = []
      for await (const entry of host.history(pools)) {
        entries.push(entry)
        if (entries.length > last) entries.shift()
      }
      return entries
    },
  }),
]
