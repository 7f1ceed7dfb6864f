// Archives whose entries are deep: what an importer does for each does not grow with the depth of its parents.
import t from 'tap'
import { TreeRules } from '../../../dist/image/tree-rules.js'
import { upTo } from '../../helpers/time.js'

const deep = 'a/'.repeat(2040)

t.test('many in one place far down', (t) => {
  const rules = new TreeRules()
  const begin = performance.now()
  for (let i = 0; i < 5000; i++) {
    const reason = rules.add({ type: 'file', name: `${deep}${i}`, link: '', size: 0 })
    if (reason !== null) t.fail(reason)
  }
  const tookMs = performance.now() - begin
  t.equal(rules.size, 7040)
  t.ok(tookMs < upTo(3000), `${tookMs.toFixed()} ms`)
  t.end()
})

t.test('what is missing on the way is a directory then, and nothing else', (t) => {
  const rules = new TreeRules()
  const add = (name: string, type: 'file' | 'symlink' | 'directory') =>
    rules.add({ type, name, link: type === 'symlink' ? 'x' : '', size: 0 })
  t.equal(add('a/b/c/d', 'file'), null)
  t.equal(rules.size, 4)
  t.equal(add('a/b', 'file'), 'duplicate')
  t.equal(add('a/b', 'directory'), null)
  t.equal(add('a/b/c/d/e/f', 'file'), 'not-beneath-directory')
  t.equal(add('a/l', 'symlink'), null)
  t.equal(add('a/l/x/y', 'file'), 'not-beneath-directory')
  t.equal(rules.size, 5, 'nothing comes of what is refused')
  t.equal(rules.names, 19, 'characters of them')
  t.equal(add('/a', 'file'), 'absolute-path')
  t.end()
})
