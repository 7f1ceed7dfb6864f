// Who keeps a dataset busy is named, also in a mount namespace that nobody else sees.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, readlinkSync, rmdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createDataset } from '../../../dist/zfs/datasets.js'
import { destroyTree } from '../../../dist/zfs/destroy-tree.js'
import { holdersOf } from '../../../dist/zfs/holders.js'
import type { ZfsError } from '../../../dist/zfs/zfs-error.js'
import { until } from '../../helpers/keeper-host.js'
import { requires } from '../../helpers/requires.js'
import { upTo } from '../../helpers/time.js'
import { testPool } from '../../helpers/zpool.js'

const t = requires('root', 'zfs')
const pool = testPool(t)

await createDataset(`${pool}/busy`, { canmount: 'noauto' })
await createDataset(`${pool}/busy/below`, { canmount: 'noauto' })
await createDataset(`${pool}/busy-not`, { canmount: 'noauto' })
const path = mkdtempSync(join(tmpdir(), 'held-'))
const script = `mount -i -t zfs "$1" "$2" && echo there && exec sleep 1000`
const args = ['-m', 'sh', '-c', script, '-', `${pool}/busy/below`, path]
const holder = spawn('unshare', args, { stdio: ['ignore', 'pipe', 'inherit'] })
t.teardown(async () => {
  holder.kill('SIGKILL')
  if (holder.exitCode === null && holder.signalCode === null) await once(holder, 'exit')
})
await once(holder.stdout, 'data')
await until(() => readFileSync(`/proc/${holder.pid}/comm`, 'utf8') === 'sleep\n')
const mountNamespace = Number(/\d+/.exec(readlinkSync(`/proc/${holder.pid}/ns/mnt`))?.[0])
const expected = {
  dataset: `${pool}/busy/below`,
  pid: holder.pid,
  program: 'sleep',
  mountNamespace,
  path,
}

await t.test('a mount in another namespace', async (t) => {
  t.same(await holdersOf(`${pool}/busy`), [expected])
  t.same(await holdersOf(`${pool}/busy/below`), [expected])
  t.same(await holdersOf(`${pool}/busy-not`), [])

  const error: unknown = await destroyTree(`${pool}/busy`).catch((error: unknown) => error)
  t.match(error, { code: 'EBUSY', holders: [expected] })
  t.match((error as ZfsError).message, `sleep (process ${holder.pid}, mount namespace`)

  holder.kill('SIGKILL')
  await once(holder, 'exit')
  await destroyTree(`${pool}/busy`, { patienceMs: upTo(10_000) })
  t.same(await holdersOf(`${pool}/busy`), [])
  rmdirSync(path)
})
