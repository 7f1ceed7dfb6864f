// `assets`: everything that something owns, in files and in the kernel, with its state.

import { command, type Command, type Given } from './command.js'
import type { Kind } from './kinds.js'
import { Listing, listOptions, plain, printJson, type Thing } from './listing.js'
import type { Session } from './session.js'

export const assetOptions = {
  ...listOptions,
  verbose: { short: 'v', summary: 'one by one, with what is wrong and the command that mends it' },
} as const

const COLUMNS = plain('type', 'path', 'state', 'purpose', 'errors', 'mend')
const USUAL = ['type', 'path', 'state', 'purpose']

export function assets({ argument, at }: Kind): Command {
  return command({
    usage: argument as 'ID',
    summary: 'list everything that it owns, with its state',
    options: assetOptions,
    async run([name], options, session) {
      await printAssets(`GET ${at(session, name)}/assets`, options, session)
    },
  })
}

export async function printAssets(
  where: string,
  options: Given<typeof assetOptions>,
  session: Session,
): Promise<void> {
  const { verbose } = options
  const listing = new Listing(COLUMNS, options, verbose ? undefined : USUAL)
  if (listing.printsNames(session)) return
  const all = await session.daemon.ask<readonly Thing[]>(where)
  if (session.json) printJson(session, all)
  else if (!verbose) listing.print(session, all)
  else {
    for (const [index, one] of all.entries()) {
      if (index > 0) session.print('\n')
      listing.printOne(session, one)
    }
  }
}
