// Writes docs/commands.md and the manual page of osctl, from the definitions of its commands.
//
//   node scripts/commands.js           rewrites them
//   node scripts/commands.js --check   fails when they are not what they should be
import { readFileSync, writeFileSync } from 'node:fs'
import { format, resolveConfig } from 'prettier'
import { manual } from '../dist/cli/manual.js'
import { root } from '../dist/cli/root.js'
import { usageOf, sentence, optionName } from '../dist/cli/help.js'
import { leaves } from '../dist/cli/tree.js'

const PAGE = 'docs/commands.md'
const MANUAL = 'share/man/man8/osctl.8'
/** @typedef {{ state: string, why: string }} State */
/** @typedef {{ command: string, state?: string, why?: string, options?: Record<string, State> }} Original */
/** @type {Original[]} */
const originals = JSON.parse(readFileSync('share/original-commands.json', 'utf8'))

const done = new Map()
for (const { node, path } of leaves({ node: root, path: [] })) {
  done.set(path.join(' '), { path, names: node.names, command: (await node.load()).default })
}

/** @param {string} text */
const cell = (text) => text.replaceAll('|', '\\|').replaceAll('\n', ' ')
/** @param {string[]} head @param {string[]} lines */
const table = (head, lines) => [
  `| ${head.join(' | ')} |`,
  `|${head.map(() => ' --- |').join('')}`,
  ...lines,
]

/** @param {Original} original */
function stateOf({ command, state, why, options = {} }) {
  const own = done.get(command)
  if (own === undefined && state === undefined) throw new Error(`nothing is said of '${command}'`)
  if (own !== undefined && state !== undefined) throw new Error(`'${command}' is done and ${state}`)
  const missing = Object.entries(options).map(([name, { state, why }]) => {
    if (Object.hasOwn(own?.command.options ?? {}, name))
      throw new Error(`'${command} --${name}' is there`)
    return `\`--${name}\` ${state}: ${why}`
  })
  return [own === undefined ? `${state}: ${why}` : 'done', ...missing].join('; ')
}

const compared = originals.map((one) => `| \`${one.command}\` | ${cell(stateOf(one))} |`)
const known = new Set(originals.map(({ command }) => command))
const described = [...done].map(([name, { path, command }]) => {
  const options = Object.entries(command.options).map(
    ([option, what]) => `- \`${optionName(option, what)}\`: ${what.summary}`,
  )
  const own = known.has(name) ? '' : ' Not in vpsAdminOS.'
  return [
    `### \`${usageOf(path, command)}\``,
    `${sentence(command.summary)}${own}`,
    ...(command.details === '' ? [] : [command.details]),
    ...(options.length === 0 ? [] : [options.join('\n')]),
  ].join('\n\n')
})

const page = `# Commands of osctl

Written by \`node scripts/commands.js\` from the definitions of the commands.

## What vpsAdminOS has

Each of its commands, and what has become of it.

${table(['Command', ''], compared).join('\n')}

## What there is

${described.join('\n\n')}
`

const style = await resolveConfig(PAGE)
const written = new Map([
  [PAGE, await format(page, { ...style, parser: 'markdown' })],
  [MANUAL, await manual(root)],
])
for (const [path, text] of written) {
  if (!process.argv.includes('--check')) writeFileSync(path, text)
  else if (readFileSync(path, 'utf8') !== text) {
    console.error(`${path} is not what the commands are; run this without --check`)
    process.exitCode = 1
  }
}
