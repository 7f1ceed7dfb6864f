// `show`, of what the daemon tells all of in one answer.

import { command, type Command } from './command.js'
import type { Kind } from './kinds.js'
import { Listing, showOptions, type Column, type Thing } from './listing.js'

export function show({ argument, at }: Kind, columns: readonly Column[], summary: string): Command {
  return command({
    usage: argument as 'ID',
    summary,
    options: showOptions,
    async run([name], options, session) {
      const listing = new Listing(columns, options)
      if (listing.printsNames(session)) return
      listing.printOne(session, await session.daemon.ask<Thing>(`GET ${at(session, name)}`))
    },
  })
}
