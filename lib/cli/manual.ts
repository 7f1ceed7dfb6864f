// The manual page of osctl, in the language of man(7), from the same definitions as its help.

import type { Options } from './command.js'
import { globalOptions } from './global-options.js'
import { optionName, sentence, usageOf } from './help.js'
import { leaves, type Branch } from './tree.js'

export async function manual(root: Branch): Promise<string> {
  const commands: string[] = []
  for (const { node, path } of leaves({ node: root, path: [] })) {
    const command = (await node.load()).default
    commands.push(
      `.SS ${text(usageOf(path, command))}`,
      text(sentence(command.summary)),
      ...(command.details === '' ? [] : ['.PP', text(command.details)]),
      ...optionsOf(command.options),
    )
  }
  return `${[
    '.TH OSCTL 8',
    '.SH NAME',
    'osctl \\- manages the containers of this machine',
    '.SH SYNOPSIS',
    '.B osctl',
    '[options] COMMAND ...',
    '.SH DESCRIPTION',
    'It asks',
    '.BR osctld ,',
    'which has to run. Options stand before arguments: those for all commands before the first word, those of a',
    'command after its last. Names of commands may be cut short. What is called [POOL:]ID is looked for in all pools',
    'when none is said.',
    '.PP',
    'It ends with 0, or with 1 and a line that begins with error: on standard error. What runs another program ends',
    'as that does.',
    '.SH OPTIONS',
    ...optionsOf(globalOptions),
    '.SH COMMANDS',
    ...commands,
    '.SH ENVIRONMENT',
    '.TP',
    '.B OSCTLD_SOCKET',
    'Where the daemon listens; default /run/osctl/osctld.sock.',
    '.TP',
    '.B OSCTL_DEBUG',
    'true: errors are shown with where they come from.',
  ].join('\n')}\n`
}

function optionsOf(options: Options): string[] {
  return Object.entries(options).flatMap(([name, option]) => [
    '.TP',
    `.B ${text(optionName(name, option))}`,
    text(sentence(option.summary)),
  ])
}

/** A line must not begin as a request, and dashes are dashes. */
function text(given: string): string {
  return given
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(/^[.']/gm, '\\&$&')
    .replaceAll('…', '...')
}
