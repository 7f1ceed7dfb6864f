// The trash of a pool in a directory: what a removal has left goes when it is told to, and no other.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { busybox, temporaryHost } from '../../helpers/host.js'
import { requires } from '../../helpers/requires.js'
import { onZfs, optionsOf } from '../../helpers/storage.js'
import { warning } from '../../helpers/warning.js'

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

await t.test(
  'what cannot be removed is in the way of nothing',
  { skip: onZfs && 'datasets are in it' },
  async (t) => {
    const [left, gone] = [join(trash, 'a.0123456789ab'), join(trash, 'b.0123456789ab')]
    const within = join(left, 'mountpoint')
    mkdirSync(within, { recursive: true })
    execFileSync('mount', ['-t', 'tmpfs', 'none', within])
    t.teardown(() => {
      execFileSync('umount', [within])
      rmSync(left, { recursive: true })
    })
    const warned = warning(/a\.0123456789ab/)
    const again = await host.pools.import(optionsOf(pool.show()))
    t.match(await warned, { code: 'VPSADMINOS_UNFINISHED' })
    mkdirSync(gone)
    const report = await again.pruneTrash()
    t.same(report.destroyed, [gone])
    t.match(report.left, [{ dataset: left, reason: /^EXDEV: / }])
    t.ok((await host.recover()).left.some(({ what }) => what === left))
  },
)
