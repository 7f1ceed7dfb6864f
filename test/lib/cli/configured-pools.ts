// A pool that osctld was told of and cannot have is seen by whoever looks for it.
import { renameSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { pino } from 'pino'
import { Daemon } from '../../../dist/daemon/daemon.js'
import { daemonPlace } from '../../helpers/daemon.js'
import { Osctl } from '../../helpers/osctl.js'
import { requires } from '../../helpers/requires.js'

const t = requires('root', 'userns', 'cgroup', 'liblxc', 'busybox')
const place = await daemonPlace(t)
const path = join(dirname(place.socket), 'dozer')
const daemon = await Daemon.open(
  { ...place, pools: [...(place.pools ?? []), { name: 'dozer', path }] },
  pino({ level: 'silent' }),
)
t.teardown(() => daemon.close())
await daemon.begun
const osctl = new Osctl(place.socket)

await t.test('one that is not there', async (t) => {
  t.match(await osctl.ok(t, 'pool ls -H -o name'), {
    stdout: 'tank\n',
    stderr: new RegExp(`^pool 'dozer' failed: .*${path}.*\n$`),
  })
  t.equal((await osctl.ok(t, 'pool ls -H -o name tank')).stderr, '', 'it was not asked for')
  t.equal((await osctl.ok(t, '-q pool ls -H -o name')).stderr, '')
  t.match((await osctl.ok(t, '-j pool ls')).json, [{ name: 'tank' }])
  const health = await osctl.run('-j healthcheck')
  t.equal(health.code, 1)
  t.match(health.json, [
    { of: 'pool dozer', type: 'pool', what: 'dozer', mend: 'osctl pool import dozer' },
  ])
  t.equal((health.json as object[]).length, 1)
  await osctl.prints(t, '-j healthcheck tank', '[]\n')
})

await t.test('and is in use, once it is', async (t) => {
  const elsewhere = `${path}.made`
  await osctl.ok(t, ['pool', 'install', '--path', elsewhere, 'dozer'])
  await osctl.ok(t, 'pool export dozer')
  renameSync(elsewhere, path)
  await osctl.ok(t, 'pool import dozer')
  t.equal((await osctl.ok(t, 'pool ls -H -o name')).stderr, '')
  await osctl.prints(t, '-j healthcheck', '[]\n')
  await osctl.ok(t, 'pool export dozer')
})
