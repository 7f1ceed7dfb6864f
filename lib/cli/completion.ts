// What a shell is told to complete command lines with.

import type { Command } from './command.js'
import { globalOptions, helpOption } from './global-options.js'
import { isBranch, type Branch, type Node } from './tree.js'

/** What lists those that an argument may be. */
const LISTED: Readonly<Record<string, string>> = {
  ID: 'ct ls -H -o id',
  IDS: 'ct ls -H -o id',
  POOL: 'pool ls -H -o name',
  POOLS: 'pool ls -H -o name',
  PATH: 'group ls -H -o name',
  PATHS: 'group ls -H -o name',
}
/** Names are of different things in different branches. */
const NAMES: Readonly<Record<string, string>> = {
  user: 'user ls -H -o name',
  'id-range': 'id-range ls -H -o name',
}

export async function bashCompletion(root: Branch): Promise<string> {
  const steps: string[] = []
  const words: string[] = []
  await walk(root, '', steps, words)
  return `# Completion for osctl, by \`osctl gen-completion bash\`.
_osctl() {
  local cur=\${COMP_WORDS[COMP_CWORD]} path= word i options= list=
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    case "$path $word" in
${steps.join('\n')}
    esac
  done
  case "$path" in
${words.join('\n')}
  esac
  if [[ $cur == -* ]]; then
    COMPREPLY=($(compgen -W "$options" -- "$cur"))
  elif [[ $list == @* ]]; then
    COMPREPLY=($(compgen -W "$(osctl \${list#@} 2>/dev/null)" -- "$cur"))
  elif [[ $list == : ]]; then
    COMPREPLY=($(compgen -f -- "$cur"))
  else
    COMPREPLY=($(compgen -W "$list" -- "$cur"))
  fi
}
complete -F _osctl osctl
`
}

/** Its own completion understands that of bash. */
export async function zshCompletion(root: Branch): Promise<string> {
  return `#compdef osctl\nautoload -U +X bashcompinit && bashcompinit\n${await bashCompletion(root)}`
}

async function walk(node: Node, path: string, steps: string[], words: string[]): Promise<void> {
  if (!isBranch(node)) {
    const command = (await node.load()).default
    const options = Object.keys({ ...command.options, help: helpOption })
    words.push(line(path, options, argumentsOf(path, command)))
    return
  }
  const options = path === '' ? Object.keys(globalOptions) : ['help']
  words.push(line(path, options, node.below.map(({ names }) => names[0]).join(' ')))
  for (const below of node.below) {
    const next = `${path} ${below.names[0] ?? ''}`
    const patterns = below.names.map((name) => `'${path} ${name}'`).join(' | ')
    steps.push(`      ${patterns}) path='${next}' ;;`)
    await walk(below, next, steps, words)
  }
}

function line(path: string, options: readonly string[], list: string): string {
  const dashed = options.map((name) => `--${name}`).join(' ')
  return `    '${path}') options='${dashed}' list='${list}' ;;`
}

function argumentsOf(path: string, { usage }: Command): string {
  const first = /[A-Z]+/.exec(usage)?.[0] ?? ''
  if (first === 'FILE' || first === 'SCRIPT') return ':'
  const [branch = ''] = path.trim().split(' ')
  const lists = first.startsWith('NAME') ? NAMES[branch] : LISTED[first]
  return lists === undefined || path.endsWith(' new') ? '' : `@${lists}`
}
