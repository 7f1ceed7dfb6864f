// Each command is in one of the transcripts: none is added without being run.
import { readFileSync, readdirSync } from 'node:fs'
import t from 'tap'
import { root } from '../../../dist/cli/root.js'
import { leaves } from '../../../dist/cli/tree.js'

const directory = new URL('transcript/', import.meta.url)
const asserted = readdirSync(directory)
  .map((name) => readFileSync(new URL(name, directory), 'utf8'))
  .map((text) => text.slice(text.lastIndexOf("'all of it was run'")))
  .join('\n')
const names = [...asserted.matchAll(/'([a-z -]+)'\s*\.split\(' '\)/g)]
  .flatMap(([, words = '']) => words.split(' ').map((word) => `ct ${word}`))
  .concat([...asserted.matchAll(/'([a-z -]+)'/g)].map(([, name = '']) => name))

for (const { path } of leaves({ node: root, path: [] })) {
  const name = path.join(' ')
  t.ok(
    names.some((one) => `${name} `.startsWith(`${one} `)),
    `${name} is in a transcript`,
  )
}
t.ok(names.length > 20, 'names were found')
