// What `--help` prints.

import type { Command, Options } from './command.js'
import { globalOptions } from './global-options.js'
import { columns } from './table.js'
import { isBranch, type Branch, type Found, type Node } from './tree.js'

export async function helpOf(found: Found): Promise<string> {
  return isBranch(found.node)
    ? branchHelp(found as Found<Branch>)
    : leafHelp(found.path, (await found.node.load()).default)
}

async function branchHelp({ node, path }: Found<Branch>): Promise<string> {
  const name = ['osctl', ...path].join(' ')
  const lines = await Promise.all(
    node.below.map(async (below) => [`  ${below.names.join(', ')}`, await summaryOf(below)]),
  )
  const options = path.length === 0 ? `\nOptions\n${optionLines(globalOptions)}` : ''
  const first = path.length === 0 ? 'osctl [options] COMMAND …' : `${name} COMMAND …`
  return `${first}\n\n${node.summary}\n\n${table(lines)}${options}\n\`${name} COMMAND --help\` says more of each.\n`
}

/** Without what is printed for it by its own help. */
async function summaryOf(node: Node): Promise<string> {
  return isBranch(node) ? node.summary : (await node.load()).default.summary
}

export function usageOf(path: readonly string[], { usage, options }: Command): string {
  const some = Object.keys(options).length > 0 ? ' [options]' : ''
  return `osctl ${path.join(' ')}${some}${usage === '' ? '' : ` ${usage}`}`
}

function leafHelp(path: readonly string[], command: Command): string {
  const { summary, details, options } = command
  const more = details === '' ? '' : `\n${details.trim()}\n`
  const all = Object.keys(options).length === 0 ? '' : `\nOptions\n${optionLines(options)}`
  return `${usageOf(path, command)}\n\n${sentence(summary)}\n${more}${all}`
}

export function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`
}

/** `-o, --output COLUMNS` */
export function optionName(name: string, { short, value, on }: Options[string]): string {
  const long = `--${on === true ? '[no-]' : ''}${name}${value === undefined ? '' : ` ${value}`}`
  return short === undefined ? long : `-${short}, ${long}`
}

function optionLines(options: Options): string {
  return table(
    Object.entries(options).map(([name, option]) => [
      `  ${optionName(name, option)}`,
      option.summary,
    ]),
  )
}

function table(lines: readonly (readonly string[])[]): string {
  return columns([{ name: '' }, { name: '' }], lines, false)
}
