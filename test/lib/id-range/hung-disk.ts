// A pool on a disk that does not answer keeps its ids, and nobody from getting others.
import { execFileSync } from 'node:child_process'
import { closeSync, constants, existsSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Host } from 'vpsadminos'
import { requires } from '../../helpers/requires.js'
import { testDirectory } from '../../helpers/system.js'
import { upTo } from '../../helpers/time.js'

const t = requires('root', 'userns', 'liblxc', 'cgroup')
const host = await Host.temporary()
t.teardown(() => host.close())
const path = testDirectory(t)
const marker = join(path, 'osctl-pool.yml')
const list = `/run/vpsadminos/ids/hung-${process.pid}.json`

// Who opens a pipe that nobody writes to waits, as on such a disk.
execFileSync('mkfifo', [marker])
const span = { start: 4_200_000_000, count: 65_536 }
const reservations = [{ ...span, owner: 'user:theirs' }]
const content = { path, marker, uuid: 'hung', zpool: null, reservations }
writeFileSync(list, JSON.stringify(content))
const answer = (): void => {
  if (!existsSync(marker)) return
  // Also where nobody waits.
  closeSync(openSync(marker, constants.O_RDWR | constants.O_NONBLOCK))
}
t.teardown(() => {
  answer()
  rmSync(list, { force: true })
})

await t.test('others go on, all at once', async (t) => {
  const begin = performance.now()
  const names = Array.from({ length: 8 }, (_, index) => `u${index}`)
  const users = await Promise.all(names.map((name) => host.users.create({ name })))
  await Promise.all(users.map((user) => user.delete()))
  const tookMs = performance.now() - begin
  t.ok(tookMs < upTo(5000), `${Math.round(tookMs)} ms`)
})

await t.test('its ids are its own', async (t) => {
  const uidMap = [`0:${span.start}:${span.count}`]
  await t.rejects(host.users.create({ name: 'same', uidMap }), {
    code: 'ERR_ID_OVERLAP',
    owner: new RegExp(`user:theirs of pool ${path}`),
  })
  t.ok(existsSync(list))
})

await t.test('until it turns out to be no more', async (t) => {
  answer()
  const uidMap = [`0:${span.start}:${span.count}`]
  rmSync(marker)
  const attempt = () => host.users.create({ name: 'same', uidMap })
  // The first one may still find that nobody waits for the answer.
  await attempt().catch(attempt)
  t.notOk(existsSync(list))
})
