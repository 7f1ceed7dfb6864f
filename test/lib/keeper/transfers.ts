// Transfers that go on hold up nobody: who edits files beside them waits for those alone that are ending.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { KeeperHost } from '../../helpers/keeper-host.js'
import { requires } from '../../helpers/requires.js'
import { upTo } from '../../helpers/time.js'

const t = requires('root', 'userns', 'liblxc', 'busybox')
const host = new KeeperHost(t)
await using keeper = await host.connect()
const { rootfs } = host.plan('web')
// More than is on its way to who does not read.
writeFileSync(join(host.dir, 'web/upper/large'), Buffer.alloc(8 * 2 ** 20))

await t.test('an edit beside thirty of them', async (t) => {
  const look = async (): Promise<number> => {
    const begun = performance.now()
    t.match(await keeper.edit({ rootfs }, [{ op: 'stat', path: '/large' }]), [{ error: null }])
    return performance.now() - begun
  }
  /** The quickest of some: each may be held up by what else this machine does. */
  const quickest = async (): Promise<number> => Math.min(await look(), await look(), await look())
  const alone = await quickest()
  const files = []
  for (let i = 0; i < 30; i++) files.push(await keeper.openFile({ rootfs }, '/large'))
  const beside = await quickest()
  t.ok(beside < alone + upTo(300), `${beside} ms beside them, ${alone} alone`)
  for (const file of files) file.destroy()
})
