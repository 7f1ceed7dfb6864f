// An archive that reaches out of the root filesystem is refused, and nothing of it stays.
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { archive, entry, pax, scratch, testStore, type RawEntry } from '../../helpers/image.js'
import { requires } from '../../helpers/requires.js'

const t = requires('root')

const dir = (name: string): Buffer => entry({ name, type: '5', mode: 0o755 })
const file = (name: string, more: RawEntry = {}): Buffer => entry({ name, data: 'x', ...more })
const symlink = (name: string, link: string): Buffer => entry({ name, type: '2', link })
const hard = (name: string, link: string): Buffer => entry({ name, type: '1', link })

const outside = '/tmp/vpsadminos-must-not-appear'

const hostile: [what: string, reason: string, ...parts: Buffer[]][] = [
  ['absolute path', 'absolute-path', dir('etc'), file(outside)],
  ['absolute path in a pax header', 'absolute-path', pax({ path: outside }), file('etc')],
  [
    'absolute path of a sparse file',
    'absolute-path',
    pax({ 'GNU.sparse.name': outside }),
    file('x'),
  ],
  [
    'absolute path in a long name',
    'absolute-path',
    entry({ type: 'L', data: `${outside}\0` }),
    file('x'),
  ],
  ['path upwards', 'parent-path', file('../x')],
  ['path upwards inside', 'parent-path', dir('a'), file('a/../../x')],
  ['path that is only upwards', 'parent-path', dir('..')],
  ['symbolic link upwards', 'link-outside', dir('a'), symlink('a/b', '../../etc/passwd')],
  ['hard link upwards', 'link-outside', hard('a', '../../../etc/passwd')],
  ['absolute hard link', 'link-outside', hard('a', '/etc/passwd')],
  ['hard link to what is not there', 'link-target', hard('a', 'etc/passwd')],
  ['hard link through a link', 'link-target', symlink('e', '/etc'), hard('a', 'e/passwd')],
  ['hard link to a directory', 'link-target', dir('d'), hard('a', 'd')],
  ['file through a link', 'not-beneath-directory', symlink('t', '/tmp'), file('t/vpsadminos-x')],
  ['file through a file', 'not-beneath-directory', file('t'), file('t/x')],
  ['directory through a link', 'not-beneath-directory', symlink('a', 'b'), dir('a/c')],
  ['link in place of a directory', 'duplicate', dir('a'), symlink('a', '/tmp'), file('a/x')],
  ['link in place of a link', 'duplicate', symlink('a', 'b'), symlink('./a', '/tmp')],
  ['file in place of a file', 'duplicate', file('a'), file('.//a')],
  ['device', 'device-outside-dev', dir('etc'), entry({ name: 'etc/mem', type: '3' })],
  ['block device', 'device-outside-dev', entry({ name: 'disk', type: '4' })],
  ['device instead of dev', 'device-outside-dev', entry({ name: 'dev', type: '3' })],
  [
    'name too long',
    'bad-name',
    file('n'.repeat(100) + '/'),
    entry({ type: 'L', data: 'n'.repeat(256) }),
    file('x'),
  ],
  ['path too long', 'bad-name', entry({ type: 'L', data: `${'n/'.repeat(2100)}n` }), file('x')],
  [
    'a long name that goes on after its end',
    'ambiguous',
    entry({ type: 'L', data: 'x/../../etc/passwd', size: 1 }),
    file('x'),
  ],
  ['no name', 'bad-name', file('')],
  ['root as a file', 'bad-name', file('.')],
  [
    'hidden behind data of a link',
    'ambiguous',
    entry({ name: 'l', type: '1', link: 'x', size: 512 }),
    file(outside),
  ],
  ['hidden in a global header', 'ambiguous', pax({ path: outside }, 'g'), file('x')],
  ['socket', 'unknown-type', entry({ name: 's', type: 's' })],
]

for (const [what, reason, ...parts] of hostile) {
  t.test(what, async (t) => {
    const { store, left } = await testStore(t)
    const path = join(scratch(t), 'image.tar')
    writeFileSync(path, archive(dir('.'), ...parts))
    await t.rejects(store.import({ path, distribution: 'x', version: '1' }), {
      name: 'ImageEntryError',
      code: 'ERR_IMAGE_ENTRY',
      path,
      reason,
    })
    t.strictSame(left(), [])
    t.strictSame(store.list(), [])
    t.notOk(existsSync(outside))
  })
}

t.test('a path that is as long as one may be, and longer in the pool', async (t) => {
  const { store, left } = await testStore(t)
  const path = join(scratch(t), 'image.tar')
  const name = `${'d'.repeat(250)}/`.repeat(16) + 'f'
  writeFileSync(path, archive(entry({ type: 'L', data: `${name}\0` }), file('x')))
  const what = { path, distribution: 'x', version: '1' }
  await t.rejects(store.import({ ...what, digest: '0'.repeat(64) }), { code: 'ERR_IMAGE_DIGEST' })
  t.strictSame(left(), [], 'it goes as any other')
  const image = await store.import(what)
  await store.delete(image.id)
  t.strictSame(left(), [])
})
