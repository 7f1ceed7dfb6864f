import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { z } from 'zod'
import { ConfigFile } from '../../../dist/pool/config-file.js'

const schema = z.looseObject({
  hostname: z.string().nullish(),
  limits: z.looseObject({ memory: z.number().optional(), cpu: z.number().optional() }).default({}),
  list: z.array(z.number()).default([]),
})

const file = async (dir: string, text: string) => {
  const config = new ConfigFile(join(dir, 'x.yml'), schema)
  await writeFile(config.path, text)
  return config
}

t.test('unknown fields, comments, order and quoting survive rewriting', async (t) => {
  const config = await file(
    t.testdir(),
    `# written by hand
zfs: yes-please   # not ours
hostname: "old"   # the name
limits:
  # in bytes
  memory: 1
  cpu: 2
  future: [a, b]
list: [1, 2] # short
`,
  )
  await config.update({ hostname: 'new', limits: { memory: 5, cpu: undefined }, list: [1, 2] })
  t.equal(
    await readFile(config.path, 'utf8'),
    `# written by hand
zfs: yes-please # not ours
hostname: "new" # the name
limits:
  # in bytes
  memory: 5
  future: [ a, b ]
list: [ 1, 2 ] # short
`,
  )
})

t.test('lists are as far in as they were', async (t) => {
  for (const text of ['future:\n- a: 1\n  b:\n  - c\n', 'future:\n  - a: 1\n    b:\n      - c\n']) {
    const config = await file(t.testdir(), `---\nhostname: old\n${text}`)
    await config.update({ hostname: 'new' })
    t.equal(await readFile(config.path, 'utf8'), `---\nhostname: new\n${text}`)
  }
})

t.test('a list of what bears names becomes a map of it when one is changed', async (t) => {
  const config = await file(t.testdir(), 'limits:\n- name: memory\n  of: 1\n- name: cpu\n  of: 2\n')
  const loose = new ConfigFile(config.path, z.looseObject({}))
  await loose.update({ limits: { cpu: { of: 3 } } })
  t.equal(await readFile(config.path, 'utf8'), 'limits:\n  memory:\n    of: 1\n  cpu:\n    of: 3\n')
  await loose.update({ limits: { memory: undefined } })
  t.equal(await readFile(config.path, 'utf8'), 'limits:\n  cpu:\n    of: 3\n')
})

t.test('a broken file is reported with line and column', async (t) => {
  const broken: [string, number, number][] = [
    ['hostname: x\nlimits: {memory: 1\nlist: [1]\n', 3, 1],
    ['hostname: x\n\tlimits: 3\n', 2, 1],
    ['hostname: x\nlimits:\n  memory: lots\n', 3, 11],
    ['list:\n  - 1\n  - two\n', 3, 5],
    ['hostname: a\nhostname: b\n', 2, 1],
    ['hostname: a\n? [b]\n: c\n', 2, 3],
    ['hostname: &a b\n? *a\n: c\n', 2, 3],
  ]
  for (const [text, line, column] of broken) {
    const config = await file(t.testdir(), text)
    await t.rejects(config.read(), {
      code: 'ERR_CONFIG_BROKEN',
      path: config.path,
      line,
      column,
      message: new RegExp(`x\\.yml:${line}:${column}: `),
    })
    await t.rejects(config.update({ hostname: 'y' }), { code: 'ERR_CONFIG_BROKEN' })
    t.equal(await readFile(config.path, 'utf8'), text, 'is left as it was')
  }
})

t.test('an update that the schema refuses changes nothing', async (t) => {
  const config = await file(t.testdir(), 'hostname: x\n')
  await t.rejects(config.update({ hostname: 5 }), { code: 'ERR_CONFIG_BROKEN' })
  t.equal(await readFile(config.path, 'utf8'), 'hostname: x\n')
})

t.test('files are 0400 and replaced whole, and nothing is left beside them', async (t) => {
  const dir = t.testdir()
  const config = new ConfigFile(join(dir, 'x.yml'), schema)
  t.match(await config.create({ hostname: 'a', gone: undefined }), { hostname: 'a', list: [] })
  const before = await stat(config.path)
  await config.update({ hostname: 'b' })
  const after = await stat(config.path)
  t.equal(after.mode & 0o7777, 0o400)
  t.not(after.ino, before.ino)
  t.same(await readdir(dir), ['x.yml'])
  await config.remove()
  t.same(await readdir(dir), [])
})

t.test('an update of a file that is gone says so, and makes none', async (t) => {
  const dir = t.testdir()
  const config = new ConfigFile(join(dir, 'x.yml'), schema)
  const gone = { code: 'ERR_CONFIG_BROKEN', path: config.path, reason: 'is gone: put it back' }
  await t.rejects(config.update({ hostname: 'a' }), gone)
  await t.rejects(config.text(), gone)
  t.same(await readdir(dir), [])
})

t.test('updates at the same time do not lose one another', async (t) => {
  const config = await file(t.testdir(), 'hostname: x\n')
  await Promise.all(Array.from({ length: 20 }, (_, i) => config.update({ [`field${i}`]: i })))
  const value = await config.read()
  for (let i = 0; i < 20; i++) t.equal(value[`field${i}`], i)
})

t.test('a failed update does not stop the next one', async (t) => {
  const config = await file(t.testdir(), 'hostname: x\n')
  const [first, second] = await Promise.allSettled([
    config.update({ hostname: 1 }),
    config.update({ hostname: 'z' }),
  ])
  t.equal(first.status, 'rejected')
  t.match(second, { status: 'fulfilled', value: { hostname: 'z' } })
})
