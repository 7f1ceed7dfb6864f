// Of processes: of containers, and of the machine.

import { z } from 'zod'
import type { SignalName } from '../../ns/signal.js'
import { PROCESS_FIELDS } from '../../process/process-info.js'
import { processIdentities } from '../../process/signal.js'
import { wallInput } from '../../container/wall.js'
import { call, flag, names, reference, words } from '../call.js'

const path = { container: reference }

export const processCalls = [
  call('process.list', 'GET /processes', {
    summary: 'Processes of containers; `host`: and those that are in none.',
    query: {
      containers: names.describe('Of these alone, by reference; default: of all'),
      host: flag.default(false),
      fields: words
        .pipe(z.array(z.enum(PROCESS_FIELDS)))
        .optional()
        .describe('Default: all'),
    },
    run: async ({ host, query: { fields, ...query }, options: { signal } }) => {
      const commands = fields?.includes('command') ?? true
      const all = await host.processes({ ...query, commands, signal })
      if (fields === undefined) return all
      return all.map((one) => Object.fromEntries(fields.map((field) => [field, one[field]])))
    },
  }),
  call('process.whose', 'GET /processes/whose', {
    summary: 'Whose processes these are, by their numbers; `null` for one that there is not.',
    query: { pids: words.transform((numbers) => numbers.map(Number)) },
    run: ({ host, query: { pids }, options: { signal } }) => host.processesByPid(pids, { signal }),
  }),
  call('container.signal', 'POST /containers/:container/processes/signal', {
    summary:
      'Sends a signal to some of its processes. Answers the numbers of those that were sent it.',
    path,
    query: { signal: z.string().default('SIGKILL') },
    body: processIdentities,
    noted: (processes) => processes.map(({ pid }) => pid),
    run: ({ host, path, query: { signal }, body, options }) =>
      host.containers
        .get(path.container)
        .signalProcesses(body, signalOf(signal), { signal: options.signal }),
  }),
  call('container.wall', 'POST /containers/:container/wall', {
    summary: 'Writes a message to the terminals of those who are logged in.',
    path,
    body: wallInput,
    run: ({ host, path, body: { message, banner }, options: { signal } }) =>
      host.containers.get(path.container).wall(message, { banner, signal }),
  }),
]

/** `SIGTERM`, or a number. */
function signalOf(text: string): SignalName | number {
  return /^\d+$/.test(text) ? Number(text) : (text as SignalName)
}
