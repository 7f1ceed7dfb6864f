// Options that stand before the command, and are understood by all of them.

import type { Option, Options } from './command.js'

/** Of every command, too. */
export const helpOption = {
  short: 'h',
  summary: 'print what it does and how it is used',
} satisfies Option

export const globalOptions = {
  json: { short: 'j', summary: 'print JSON' },
  parsable: { short: 'p', summary: 'print numbers as they are, not rounded for people' },
  color: { on: true, summary: 'colours, at a terminal; $NO_COLOR has none as well' },
  quiet: { short: 'q', summary: 'do not tell how far it is' },
  pool: { value: 'POOL', summary: 'the pool of what is named without one' },
  'wait-lock': {
    value: 'SECONDS',
    summary: 'wait as long for others who work on the same thing; `infinity`',
  },
  socket: {
    value: 'PATH',
    summary: "the daemon's; default $OSCTLD_SOCKET or /run/osctl/osctld.sock",
  },
  help: helpOption,
  version: { summary: 'print the version' },
} satisfies Options
