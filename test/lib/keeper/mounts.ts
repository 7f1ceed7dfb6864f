// What is mounted in the keeper's namespace is told, and unmounted, also when it is more than a frame holds.
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { KeeperHost } from '../../helpers/keeper-host.js'
import { requires } from '../../helpers/requires.js'

const t = requires('root', 'userns', 'liblxc', 'busybox')
const host = new KeeperHost(t)
await using keeper = await host.connect()

await t.test('in as many frames as it needs', async (t) => {
  // Long names make a large answer of few mounts.
  const names = Array.from({ length: 14 }, () => 'x'.repeat(250))
  const above = join(host.stateDir, 'rootfs/tank', ...names)
  const script = `mkdir -p ${above} && cd ${above} || exit
  for i in $(seq 40); do mkdir $i && mount -t tmpfs none ${above}/$i || exit; done`
  execFileSync('nsenter', ['--target', String(keeper.pid), '--mount', 'sh', '-c', script])

  const all = Array.from({ length: 40 }, (_, i) => join(above, String(i + 1)))
  t.same(await keeper.mounts(), all)
  t.same(await keeper.unmountLeft(), all)
  t.same(await keeper.mounts(), [])
})
