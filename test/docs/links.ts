// What a page links to is there: a file of the project, and a heading in it.
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { headingsOf, linksIn } from '../helpers/links.js'

const beside = ['', 'bench', 'fuzz', 'native', 'native/keeper'].map((name) =>
  join(name, 'README.md'),
)
const docs = readdirSync('docs').map((name) => join('docs', name))
const pages = ['CHANGELOG.md', 'CONTRIBUTING.md', ...beside, ...docs]

for (const page of pages) {
  for (const { path, heading } of linksIn(page)) {
    t.ok(existsSync(path), `${page} leads to ${path}`)
    if (heading === null) continue
    t.ok(headingsOf(path).has(heading), `${page} leads to ${path}#${heading}`)
  }
}
t.ok(pages.flatMap(linksIn).length > 50, 'links were found')
