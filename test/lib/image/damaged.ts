// What is missing, truncated, damaged or no archive at all is told apart, and leaves nothing.
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { archive, entry, scratch, testStore } from '../../helpers/image.js'
import { requires } from '../../helpers/requires.js'

const t = requires('root', 'tar', 'xz', 'zstd')

const whole = archive(
  entry({ name: 'one', data: randomBytes(300_000) }),
  entry({ name: 'two', data: randomBytes(300_000) }),
)

t.test('sources that are none', async (t) => {
  const { store, left } = await testStore(t)
  const folder = scratch(t)
  const name = { distribution: 'x', version: '1' }
  for (const [path, reason] of [
    [join(folder, 'nothing'), /does not exist/],
    [join(folder, 'nothing/deeper'), /does not exist/],
    ['/dev/null', /neither a file nor a directory/],
  ] as const) {
    await t.rejects(store.import({ path, ...name }), { code: 'ERR_IMAGE_SOURCE', reason }, path)
  }
  t.strictSame(left(), [])
})

t.test('no archive', async (t) => {
  const { store, left } = await testStore(t)
  const folder = scratch(t)
  const cases: Record<string, Buffer> = {
    empty: Buffer.alloc(0),
    text: Buffer.from('this is not a tar archive\n'.repeat(100)),
    short: Buffer.from('x'),
    random: Buffer.concat([Buffer.from('BZh9'), randomBytes(100_000)]),
    'gzip of text': gzipSync('hello '.repeat(1000)),
    'archive of nothing': Buffer.alloc(10_240),
    'archive of the root alone': archive(entry({ name: './', type: '5' })),
  }
  for (const [name, data] of Object.entries(cases)) {
    const path = join(folder, 'file')
    writeFileSync(path, data)
    await t.rejects(
      store.import({ path, distribution: 'x', version: '1' }),
      { code: 'ERR_IMAGE_FORMAT', path },
      name,
    )
  }
  t.strictSame(left(), [])
})

t.test('truncated and damaged, in every compression', async (t) => {
  const { store, left } = await testStore(t)
  const folder = scratch(t)
  const compressors = {
    plain: ['cat'],
    gzip: ['gzip', '-c'],
    xz: ['xz', '-c'],
    zstd: ['zstd', '-c'],
  }
  for (const [name, [program = '', ...args]] of Object.entries(compressors)) {
    const good = execFileSync(program, args, { input: whole, maxBuffer: 1e8 })
    const path = join(folder, 'file')
    const corrupt = async (data: Buffer, what: string): Promise<void> => {
      writeFileSync(path, data)
      await t.rejects(
        store.import({ path, distribution: 'x', version: '1' }),
        { code: 'ERR_IMAGE_CORRUPT', path },
        `${name}: ${what}`,
      )
    }
    for (const part of [0.3, 0.7, 0.99]) {
      await corrupt(good.subarray(0, Math.floor(whole.length * part)), `cut at ${part}`)
    }
    const flipped = Buffer.from(good)
    // In the second header for the plain archive, anywhere for the others: they have checksums.
    const at = name === 'plain' ? 300_544 + 10 : Math.floor(good.length / 2)
    flipped[at] = (flipped[at] ?? 0) ^ 0x55
    await corrupt(flipped, 'one byte differs')
    if (name !== 'gzip') await corrupt(Buffer.concat([good, randomBytes(2048)]), 'more after it')
  }
  t.strictSame(left(), [])
})

t.test('names that are no names', async (t) => {
  const { store, left } = await testStore(t)
  const path = join(scratch(t), 'file')
  writeFileSync(path, whole)
  for (const bad of ['', '../x', 'a/b', '.', '.hidden', 'x'.repeat(65), 'a\0', 'ž']) {
    await t.rejects(store.import({ path: 'bad\0path', distribution: 'x', version: '1' }), {
      code: 'ERR_INVALID_ARGUMENT',
      argument: 'import.path',
    })
    for (const field of ['distribution', 'version', 'vendor', 'arch', 'source', 'variant']) {
      const what = { path, distribution: 'x', version: '1', [field]: bad }
      await t.rejects(store.import(what), {
        code: 'ERR_INVALID_ARGUMENT',
        argument: `import.${field}`,
      })
    }
  }
  t.throws(left, { code: 'ENOENT' }, 'not even the directory was made')
})

t.test('a program that is not installed', async (t) => {
  const { store, left } = await testStore(t)
  const folder = scratch(t)
  const path = join(folder, 'file')
  const before = process.env['PATH']
  t.teardown(() => (process.env['PATH'] = before))
  mkdirSync(join(folder, 'bin'))
  const tar = execFileSync('sh', ['-c', 'command -v tar'], { encoding: 'utf8' }).trim()
  for (const [program, debianPackage] of [
    ['zstd', 'zstd'],
    ['xz', 'xz-utils'],
  ] as const) {
    writeFileSync(path, execFileSync(program, ['-c'], { input: whole, maxBuffer: 1e8 }))
    execFileSync('ln', ['-sf', tar, join(folder, 'bin/tar')])
    process.env['PATH'] = join(folder, 'bin')
    await t.rejects(store.import({ path, distribution: 'x', version: '1' }), {
      code: 'ERR_IMAGE_TOOL_MISSING',
      program,
      debianPackage,
    })
    process.env['PATH'] = before
  }
  process.env['PATH'] = scratch(t)
  await t.rejects(store.import({ path, distribution: 'x', version: '1' }), {
    code: 'ERR_IMAGE_TOOL_MISSING',
    program: 'tar',
  })
  process.env['PATH'] = before
  t.ok(readFileSync(path).length > 0)
  t.strictSame(left(), [])
})
