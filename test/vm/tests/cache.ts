// What is in the cache is whole, whoever is killed, and what nobody uses goes.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { until } from '../../helpers/keeper-host.js'
import { testDirectory } from '../../helpers/system.js'

process.env['XDG_CACHE_HOME'] = testDirectory(t)
const { cacheDirectory, cached, idOf } = await import('../cache.js')
const make = async (directory: string): Promise<void> => writeFileSync(join(directory, 'file'), '')
const there = (): string[] => readdirSync(cacheDirectory).filter((name) => !name.endsWith('.lock'))

t.test('it is made once, and another one when it is made anew', async (t) => {
  let count = 0
  const makes = async (directory: string): Promise<void> => {
    count++
    await make(directory)
  }
  const [one, same] = await Promise.all([cached('one', makes), cached('one', makes)])
  t.equal(one, same)
  t.equal(count, 1)
  const id = idOf(one)
  spawnSync('rm', ['-r', one])
  t.not(idOf(await cached('one', makes)), id)
})

t.test('what could not be made', async (t) => {
  await t.rejects(
    cached('bad', async (directory) => {
      await make(directory)
      throw new Error('no')
    }),
    { message: 'no' },
  )
  t.same(there(), ['one'])
})

t.test('what was left by who was killed, and what was not used for a week', async (t) => {
  for (const name of ['.half-two', '.half-three', 'old']) mkdirSync(join(cacheDirectory, name))
  const eightDaysAgo = Date.now() / 1000 - 8 * 24 * 3600
  utimesSync(join(cacheDirectory, 'old'), eightDaysAgo, eightDaysAgo)
  // Somebody makes three meanwhile, as this does.
  const three = cached('three', async (directory) => {
    await make(directory)
    await cached('two', make)
    t.ok(existsSync(join(directory, 'file')))
  })
  await three
  t.same(there().sort(), ['one', 'three', 'two'])
})

t.test('what a program still writes to whose maker was killed', async (t) => {
  const half = join(cacheDirectory, '.half-four')
  const root = join(half, 'root')
  mkdirSync(root, { recursive: true })
  const script = 'i=0; while : >"$1/$i"; do i=$((i + 1)); done'
  const writer = spawn('sh', ['-c', script, 'sh', root], { stdio: 'ignore' })
  t.teardown(() => writer.kill('SIGKILL'))
  const ended = once(writer, 'exit')
  await until(() => readdirSync(root).length > 100)
  t.same(readdirSync(await cached('four', make)).sort(), ['file', 'id'])
  await ended
  t.same(
    there().filter((name) => name.startsWith('.half-')),
    [],
  )
})
