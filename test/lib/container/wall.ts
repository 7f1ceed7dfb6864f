// A message to those who are logged in, by whatever a guest has for it.
import { temporaryHost, startedContainer } from '../../helpers/host.js'
import { requires } from '../../helpers/requires.js'
import { upTo } from '../../helpers/time.js'

const t = requires('root', 'userns', 'cgroup', 'liblxc', 'busybox')
const host = await temporaryHost(t)
const ct = await startedContainer(host, { id: 'web1' })

const install = (script: string) => ct.push('/bin/wall', `#!/bin/sh\n${script}`, { mode: 0o755 })
const printed = async () => (await ct.exec(['cat', '/said'])).stdout

await t.test('there is none, or it says no', async (t) => {
  await t.rejects(ct.wall('hello'), { code: 'ERR_UNSUPPORTED', reason: /no program wall/ })
  await install('echo first >&2; echo "not today" >&2; exit 3\n')
  await t.rejects(ct.wall('hello'), { code: 'ERR_UNSUPPORTED', reason: 'not today' })
  await install('kill -9 $$\n')
  await t.rejects(ct.wall('hello'), { code: 'ERR_UNSUPPORTED', reason: /SIGKILL/ })
})

await t.test('with and without where it comes from', async (t) => {
  await install('cat >/said\n')
  await ct.wall('down at ten')
  t.match(await printed(), /^\n\nMessage from host machine \S+ \(.+\):\n\ndown at ten\n\n$/)
  await ct.wall('down at ten', { banner: false })
  t.equal(await printed(), '\n\ndown at ten\n\n')
})

await t.test('one that is busy otherwise', async (t) => {
  await install('exec cat /dev/zero\n')
  await t.rejects(ct.wall('hello'), { code: 'ERR_OUTPUT_LIMIT' })
  await install('exec sleep 1000\n')
  const began = performance.now()
  await t.rejects(ct.wall('hello'), { code: 'ERR_TIMEOUT' })
  t.ok(performance.now() - began < upTo(15_000))
  const later = new AbortController()
  setTimeout(() => later.abort(new Error('enough')), 100)
  await t.rejects(ct.wall('hello', { signal: later.signal }), { message: 'enough' })
})

await t.test('what is no message, and when there is nobody', async (t) => {
  for (const message of ['', 'x'.repeat(10_001), 'a\0b', 1 as never]) {
    await t.rejects(ct.wall(message), { code: 'ERR_INVALID_ARGUMENT' })
  }
  await t.rejects(ct.wall('x', { loud: true } as never), { code: 'ERR_INVALID_ARGUMENT' })
  await t.rejects(ct.wall('x', { signal: AbortSignal.abort(new Error('no')) }), { message: 'no' })
  await ct.stop({ method: 'kill' })
  await t.rejects(ct.wall('hello'), { code: 'ERR_STATE' })
})
