// The trash of a pool in a directory: what a removal has left goes when it is told to, and no other.
import { existsSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { busybox, temporaryHost } from '../../helpers/host.js'
import { requires } from '../../helpers/requires.js'
import { onZfs } from '../../helpers/storage.js'

const t = requires('root', 'userns', 'liblxc', 'cgroup', 'busybox')
const host = await temporaryHost(t)
const pool = host.pools.get('tank')
const trash = join(pool.show().path, 'trash')

await t.test('what is left', { skip: onZfs && 'datasets are in it' }, async (t) => {
  mkdirSync(join(trash, 'web1.0123456789ab/upper'), { recursive: true })
  mkdirSync(join(trash, 'mine'))
  const gone = join(trash, 'web1.0123456789ab')
  t.same(await pool.pruneTrash(), { destroyed: [gone], left: [] })
  t.notOk(existsSync(gone))
  t.ok(existsSync(join(trash, 'mine')), 'nobody here has put that there')
  t.same(await pool.pruneTrash(), { destroyed: [], left: [] })
})

await t.test('beside deletions', { skip: onZfs && 'these go there' }, async (t) => {
  const ids = Array.from({ length: 8 }, (_, index) => `ct${index}`)
  await Promise.all(ids.map((id) => host.containers.create({ id, image: busybox })))
  const deleted = ids.map((id) => host.containers.get(id).delete())
  const pruned = ids.map(() => pool.pruneTrash({ pauseMs: 0 }))
  for (const receipt of await Promise.all(deleted)) t.same(receipt.leftovers, [])
  for (const report of await Promise.all(pruned)) t.same(report.left, [])
  t.same(readdirSync(trash), ['mine'])
})

await t.test('what is no dataset of a pool is not put there', async (t) => {
  for (const name of ['', 'x', '/x/y', 'a/../b@c', `a/${'x'.repeat(300)}`, 'nowhere/at-all']) {
    await t.rejects(host.pools.trashDataset(name), { code: 'ERR_INVALID_ARGUMENT' }, name)
  }
  const signal = AbortSignal.abort(new Error('no'))
  await t.rejects(pool.pruneTrash({ signal }), /no/)
  await host.pools.export('tank')
  await t.rejects(pool.pruneTrash(), { code: 'ERR_STATE' })
})
