// `set attr` and `unset attr`, which every kind of thing has.

import { command, type Command } from './command.js'
import type { Kind } from './kinds.js'

export function setAttribute({ argument, at }: Kind): Command {
  return command({
    usage: `${argument as 'ID'} NAME VALUE`,
    summary: 'set an attribute',
    details:
      'Its name is like `org.example:key`. Attributes are kept with it, and lists show them: `-o org.example:key`.',
    async run([name, key, value], _options, session) {
      await session.daemon.ask(`PATCH ${at(session, name)}/attributes`, {
        body: { [key]: value },
      })
    },
  })
}

export function unsetAttribute({ argument, at }: Kind): Command {
  return command({
    usage: `${argument as 'ID'} NAME`,
    summary: 'take an attribute away',
    async run([name, key], _options, session) {
      await session.daemon.ask(`PATCH ${at(session, name)}/attributes`, {
        body: { [key]: null },
      })
    },
  })
}
