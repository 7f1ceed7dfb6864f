// What programs are told of a container that is stopped.

import type { Given } from './command.js'

export const runOptions = {
  'run-container': {
    short: 'r',
    summary: 'start one that is stopped, for this alone: its own init does not run',
  },
  network: { short: 'n', summary: 'with --run-container: with its network interfaces' },
} as const

export function runOf({ 'run-container': run, network }: Given<typeof runOptions>): {
  readonly run: boolean
  readonly network: boolean
} {
  return { run, network }
}
