// `del`, of what is deleted in one go.

import { command, type Command } from './command.js'
import type { Kind } from './kinds.js'

export function del({ argument, at }: Kind, summary: string): Command {
  return command({
    usage: argument as 'ID',
    summary,
    run: ([name], _options, session) => session.daemon.ask(`DELETE ${at(session, name)}`),
  })
}
