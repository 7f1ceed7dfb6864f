// What was noted of pools, in vpsAdminOS's own files.
import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Host, type HistoryEntry } from 'vpsadminos'
import { requires } from '../../helpers/requires.js'

const t = requires('root', 'userns', 'liblxc', 'cgroup')
const host = await Host.temporary()
t.teardown(() => host.close())
const directory = mkdtempSync(join(tmpdir(), 'history-'))
t.teardown(() => rmSync(directory, { recursive: true, force: true }))
const tank = host.pools.get('tank')
let other = await host.pools.install({ name: 'other', path: join(directory, 'other') })
const fileOf = (pool: typeof tank): string => join(pool.show().path, 'log/.history')

async function all(entries: AsyncIterable<HistoryEntry>): Promise<HistoryEntry[]> {
  const found: HistoryEntry[] = []
  for await (const entry of entries) found.push(entry)
  return found
}

await t.test('a line each, which others can read', async (t) => {
  t.same(await all(host.history()), [])
  const before = Math.floor(Date.now() / 1000)
  await tank.history.append({ cmd: 'ct_start', opts: { id: 'web', cli: 'osctl ct start web' } })
  await Promise.all(
    Array.from({ length: 20 }, (_, n) => tank.history.append({ cmd: 'ct_stop', opts: { n } })),
  )
  const lines = readFileSync(fileOf(tank), 'utf8').trimEnd().split('\n')
  t.equal(lines.length, 21)
  const first = JSON.parse(lines[0] ?? '') as { time: number }
  t.match(first, { cmd: 'ct_start', opts: { id: 'web', cli: 'osctl ct start web' } })
  t.ok(first.time >= before && first.time <= before + 60)
  t.equal(statSync(fileOf(tank)).mode & 0o777, 0o400)
  const [read, ...more] = await all(tank.history.entries())
  t.match(read, { pool: 'tank', time: first.time * 1000, cmd: 'ct_start', opts: { id: 'web' } })
  t.same(
    more.map(({ opts }) => opts['n']),
    Array.from({ length: 20 }, (_, n) => n),
  )
})

await t.test('of several pools, by time; what is no line of it is left out', async (t) => {
  const line = (time: number, cmd: string) => `${JSON.stringify({ time, cmd })}\n`
  writeFileSync(fileOf(other), line(10, 'first') + 'garbage\n{"time":"x"}\n\n' + line(30, 'third'))
  rmSync(fileOf(tank))
  writeFileSync(fileOf(tank), line(20, 'second') + line(40, 'last'))
  const names = async (pools?: string[]) => (await all(host.history(pools))).map(({ cmd }) => cmd)
  t.same(await names(), ['first', 'second', 'third', 'last'])
  t.same(await names(['other']), ['first', 'third'])
  for await (const entry of host.history()) {
    t.equal(entry.pool, 'other', 'who stops reading leaves nothing open')
    break
  }
  t.throws(() => host.history(['nobody']), { code: 'ERR_NOT_FOUND' })
  await host.pools.export('other')
  appendFileSync(fileOf(other), '{"time":50,"cmd":"cut o')
  other = await host.pools.import({ name: 'other', path: join(directory, 'other') })
  await other.history.append({ cmd: 'after' })
  t.same(await names(['other']), ['first', 'third', 'after'])
})

await t.test('a long one makes room for another', async (t) => {
  const many = `${JSON.stringify({ time: 1, cmd: 'old', opts: { pad: 'x'.repeat(1000) } })}\n`
  writeFileSync(fileOf(other), many.repeat(17_000))
  await other.history.append({ cmd: 'new' })
  const found = await all(other.history.entries())
  t.match([found.length, found.at(-1)?.cmd], [17_001, 'new'])
  t.ok(statSync(fileOf(other)).size < 100)
  // While somebody reads, the file becomes the older one.
  const reading = other.history.entries()
  await reading.next()
  appendFileSync(fileOf(other), many.repeat(17_000))
  await other.history.append({ cmd: 'newer' })
  const rest = await all(reading)
  t.ok(
    rest.some(({ cmd }) => cmd === 'new'),
    'nothing that was there is missing',
  )
})

await t.test('what makes no sense is refused', async (t) => {
  const refused = { code: 'ERR_INVALID_ARGUMENT' }
  for (const entry of [
    {},
    { cmd: '' },
    { cmd: 'a b' },
    { cmd: 'x', more: 1 },
    { cmd: 'x', opts: 1 },
  ]) {
    await t.rejects(tank.history.append(entry as never), refused, JSON.stringify(entry))
  }
  await t.rejects(tank.history.append({ cmd: 'x', opts: { cli: 'x'.repeat(70_000) } }), refused)
  await host.pools.export('other')
  await t.rejects(other.history.append({ cmd: 'x' }), { code: 'ERR_STATE' })
})
