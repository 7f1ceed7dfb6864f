// Attributes of everything that has a file.
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Host, type Attributes } from 'vpsadminos'
import { busybox, first, importBusybox } from '../../helpers/host.js'
import { requires } from '../../helpers/requires.js'
import { lastingHost } from '../../helpers/system.js'

const t = requires('root', 'userns', 'liblxc', 'cgroup', 'busybox')
const options = lastingHost(t)
let host = await Host.open({ ...options, pools: [] })
t.teardown(() => host.close())
await host.pools.install(options.pools[0])
await importBusybox(t, host)
await host.containers.create({ id: 'web', image: busybox })

interface Handle {
  readonly attributes: Attributes
  show(): { readonly attributes: Readonly<Record<string, string>> }
}

const kinds: Record<string, [file: string, of: () => Handle]> = {
  pool: ['pool/config.yml', () => host.pools.get('tank')],
  'id-range': ['id-range/default.yml', () => host.idRanges.get('default')],
  user: ['user/web.yml', () => host.users.get('web')],
  group: ['group/default/config.yml', () => host.groups.get('/default')],
  container: ['ct/web.yml', () => host.containers.get('web')],
}
const root = host.pools.get('tank').show().path
const fileOf = (name: string): string => join(root, 'conf', name)

await t.test('each has its own, in its file', async (t) => {
  for (const [kind, [file, of]] of Object.entries(kinds)) {
    const { attributes } = of()
    t.same(attributes.list(), {}, kind)
    await attributes.set({ 'org.example:b': kind, 'org.example:a': 'two: words #1\nand a line' })
    await attributes.set({ 'org.example:c': '1', 'org.example:none': null })
    await attributes.set({ 'org.example:c': null, 'org.example:b': `${kind}!` })
    t.strictSame(Object.keys(attributes.list()), ['org.example:a', 'org.example:b'])
    t.equal(attributes.get('org.example:b'), `${kind}!`)
    t.equal(attributes.get('toString'), null)
    t.strictSame(of().show().attributes, attributes.list())
    t.match(await readFile(fileOf(file), 'utf8'), new RegExp(`org\\.example:b"?: ${kind}!\n`))
  }
})

await t.test('the next process finds them, and what was written by hand', async (t) => {
  const before = Object.values(kinds).map(([, of]) => of().attributes.list())
  await host.close()
  const file = fileOf('user/web.yml')
  const text = await readFile(file, 'utf8')
  await writeFile(file, text.replace('attrs:\n', 'attrs:\n  by.hand:number: 7 # lucky\n'))
  host = await Host.open(options)
  const user = host.users.get('web')
  t.equal(user.attributes.get('by.hand:number'), '7')
  await user.attributes.set({ 'org.example:more': 'x' })
  t.match(await readFile(file, 'utf8'), /by\.hand:number: 7 # lucky\n/)
  await user.attributes.set({ 'org.example:more': null, 'by.hand:number': null })
  t.strictSame(
    Object.values(kinds).map(([, of]) => of().attributes.list()),
    before,
  )
})

await t.test('beside other changes of the same file', async (t) => {
  const range = host.idRanges.get('default')
  const { allocated } = range.show()
  await Promise.all([
    range.attributes.set({ 'at:once': 'one' }),
    host.containers.create({ id: 'other', image: busybox }),
    range.attributes.set({ 'at:twice': 'two' }),
    host.containers.get('web').set({ memoryLimit: '64 MiB' }),
    host.containers.get('web').attributes.set({ 'at:once': 'three' }),
    host.groups.get('/default').attributes.set({ 'at:once': 'four' }),
    host.groups.get('/default').set({ pidsLimit: 1000 }),
  ])
  await host.close()
  host = await Host.open(options)
  const reread = host.idRanges.get('default').show()
  t.match(reread, { allocated: allocated + 1, attributes: { 'at:once': 'one', 'at:twice': 'two' } })
  t.match(host.containers.get('web').show(), {
    memoryLimit: 64 * 2 ** 20,
    attributes: { 'at:once': 'three' },
  })
  t.match(host.groups.get('/default').show(), {
    pidsLimit: 1000,
    attributes: { 'at:once': 'four' },
  })
})

await t.test('settings of a pool', async (t) => {
  const pool = host.pools.get('tank')
  t.match(pool.show(), { parallelStart: 2, parallelStop: 4 })
  await Promise.all([
    pool.set({ parallelStart: 7, parallelStop: 9 }),
    pool.attributes.set({ 'at:once': 'five' }),
  ])
  await pool.set({ parallelStop: null })
  const wanted = { parallelStart: 7, parallelStop: 4, attributes: { 'at:once': 'five' } }
  t.match(pool.show(), wanted)
  await t.rejects(pool.set({ parallelStart: 0 }), { code: 'ERR_INVALID_ARGUMENT' })
  await host.close()
  host = await Host.open(options)
  t.match(host.pools.get('tank').show(), wanted)
})

await t.test('of a container: told as an event, while it starts as well, and copied', async (t) => {
  const ct = host.containers.get('web')
  const told = first(host.events(), ({ type }) => type === 'changed')
  const starting = ct.start()
  await ct.attributes.set({ 'org.example:a': 'started' })
  await starting
  t.match(await told, { id: 'web', settings: ['attributes'] })
  t.same(ct.show().pending, [])
  const copy = await host.containers.copy('web', 'copy')
  t.equal(copy.attributes.get('org.example:a'), 'started')
  await copy.delete()
  t.throws(() => copy.attributes.list(), { code: 'ERR_NOT_FOUND' })
  await t.rejects(copy.attributes.set({ 'a:b': 'c' }), { code: 'ERR_NOT_FOUND' })
})

await t.test('what makes no sense is refused', async (t) => {
  const { attributes } = host.users.get('web')
  const before = attributes.list()
  const bad: [Record<string, unknown>, RegExp][] = [
    [{ plain: 'x' }, /vendor:key/],
    [{ ':x': 'x' }, /vendor:key/],
    [{ 'x:': 'x' }, /vendor:key/],
    [{ 'a:\n': 'x' }, /vendor:key/],
    [{ [`a:${'x'.repeat(200)}`]: 'x' }, /200 characters/],
    [{ 'a:b': 1 }, /string/],
    [{ 'a:b': 'x\0' }, /NUL/],
    [{ 'a:b': 'x'.repeat(8193) }, /8192/],
    [Object.fromEntries(Array.from({ length: 257 }, (_, i) => [`a:${i}`, 'x'])), /at most 256/],
  ]
  for (const [changes, reason] of bad) {
    const refused = { code: 'ERR_INVALID_ARGUMENT', reason }
    await t.rejects(attributes.set(changes as never), refused, JSON.stringify(changes).slice(0, 40))
  }
  await t.rejects(attributes.set({ 'a:b': 'c' }, { signal: AbortSignal.abort() }))
  t.strictSame(attributes.list(), before)
  await host.close()
  t.throws(() => attributes.list() && host.users.get('web'), { code: 'ERR_CLOSED' })
})
