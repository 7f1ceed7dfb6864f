// In the history of which pool something is noted, and what of it is not.
import { pino } from 'pino'
import t from 'tap'
import type { Host } from 'vpsadminos'
import { calls } from '../../../dist/daemon/api.js'
import { noteOf } from '../../../dist/daemon/noted.js'

interface Entry {
  readonly cmd: string
  readonly opts: Record<string, unknown>
}

const noted: [string, Entry][] = []
const pools = [
  { name: 'first', dataset: null },
  { name: 'outer', dataset: 'tank' },
  { name: 'inner', dataset: 'tank/inner' },
]
const append = (name: string) => (entry: Entry) => {
  noted.push([name, entry])
  return Promise.resolve()
}
const host = {
  pools: {
    list: () => pools,
    find: (name: string) =>
      pools.some((pool) => pool.name === name) ? { name, history: { append: append(name) } } : null,
  },
  containers: { find: () => ({ pool: 'inner' }) },
} as unknown as Host

async function note(name: string, path: object, query: object, body: unknown, result?: unknown) {
  const call = calls.find((one) => one.name === name)
  if (call === undefined) throw new Error(name)
  const log = pino({ level: 'silent' })
  const what = { call, path: path as Record<string, string>, query, body, command: null, log }
  await noteOf(host, what)?.(result)
  return noted.pop()
}

t.test('what a program is given is not', async (t) => {
  const args = ['mysql', '--password=secret']
  t.same(await note('container.exec', { container: 'web' }, {}, { args, stdin: 'secret' }), [
    'inner',
    { cmd: 'ct_exec', opts: { id: 'web', pool: 'inner' } },
  ])
})

t.test('an image that is named without its pool', async (t) => {
  t.match(await note('image.delete', { image: 'x' }, {}, undefined), [
    'first',
    { opts: { name: 'x' } },
  ])
  t.match(await note('image.delete', { image: 'x' }, { pool: 'outer' }, undefined), ['outer', {}])
})

t.test('a dataset', async (t) => {
  const trashed = async (dataset: string) => note('pool.trash.add', {}, { dataset }, undefined, {})
  t.match(await trashed('tank/left'), [
    'outer',
    { cmd: 'pool_trash_add', opts: { dataset: 'tank/left' } },
  ])
  t.match(await trashed('tank/inner/left'), ['inner', {}])
  t.equal(await trashed('tanks/left'), undefined)
})
