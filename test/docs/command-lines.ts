// Each line of osctl in a page's blocks of sh is one that osctl takes, whether or not it is run by a test.
import { readFileSync, readdirSync } from 'node:fs'
import t from 'tap'
import { globalOptions } from '../../dist/cli/global-options.js'
import { root } from '../../dist/cli/root.js'
import { isBranch, step, type Found, type Leaf } from '../../dist/cli/tree.js'
import { checkArguments, cutOptions } from '../../dist/cli/words.js'

/** Throws a UsageError for what makes no sense. */
async function check(words: readonly string[]): Promise<void> {
  let found: Found = { node: root, path: [] }
  let { rest } = cutOptions(words, globalOptions)
  while (isBranch(found.node)) {
    found = step({ ...found, node: found.node }, rest[0] ?? '')
    rest = rest.slice(1)
  }
  const { default: command } = await (found as Found<Leaf>).node.load()
  checkArguments(cutOptions(rest, command.options).rest, command)
}

/** As a shell takes them apart, up to a comment or another command. */
function wordsOf(line: string): string[] {
  const words = [...line.matchAll(/'([^']*)'|"([^"]*)"|([^\s'"]+)/g)].map(
    ([, single, double, plain]) => single ?? double ?? plain ?? '',
  )
  const end = words.findIndex((word) => /^[#|&;]/.test(word))
  return end === -1 ? words : words.slice(0, end)
}

let count = 0
for (const page of ['README.md', ...readdirSync('docs').map((name) => `docs/${name}`)]) {
  const blocks = [...readFileSync(page, 'utf8').matchAll(/^```sh\n([^]*?)^```$/gm)]
  const lines = blocks.flatMap(([, block = '']) => block.split('\n'))
  for (const line of lines) {
    const [program, ...words] = wordsOf(line)
    if (program !== 'osctl') continue
    count++
    await t.resolves(check(words), `${page}: ${line}`)
  }
}
t.ok(count > 50, 'there are some')
