// Files into and out of a container, whatever its rootfs holds.
import { writeFileSync, readFileSync, existsSync, rmSync } from 'node:fs'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { busybox, temporaryHost } from '../../helpers/host.js'
import { requires } from '../../helpers/requires.js'

const t = requires('root', 'userns', 'liblxc', 'cgroup', 'busybox')
const host = await temporaryHost(t)
const ct = await host.containers.create({ id: 'one', image: busybox })
const big = Buffer.alloc(3_000_000, 'vpsadminos ')

for (const state of ['stopped', 'running'] as const) {
  await t.test(`while it is ${state}`, async (t) => {
    if (state === 'running') await ct.start()
    const at = (name: string) => `/srv/${state}/${name}`
    t.equal(
      await ct.push(at('text'), 'hello\n', { mkdirs: true, mode: 0o640, uid: 1000, gid: 1001 }),
      6,
    )
    t.equal(
      await ct.push(at('big'), Readable.from([big.subarray(0, 1e6), big.subarray(1e6)])),
      big.length,
    )
    t.equal((await buffer(await ct.pull(at('text')))).toString(), 'hello\n')
    t.ok((await buffer(await ct.pull(at('big')))).equals(big))
    await ct.push(at('text'), new Uint8Array([1, 2]), { mode: 0o640 })
    t.same([...(await buffer(await ct.pull(at('text'))))], [1, 2], 'the old content is gone')
    await t.rejects(ct.pull(at('nothing')), { code: 'ENOENT' })
    await t.rejects(ct.push(at('no/such/directory'), 'x'), { code: 'ENOENT' })
    await t.rejects(ct.pull('relative'), { code: 'ERR_INVALID_ARGUMENT' })
    await t.rejects(ct.push('/a\0b', 'x'), { code: 'ERR_INVALID_ARGUMENT' })
    const reason = new Error('enough')
    await t.rejects(ct.push(at('abort'), 'x', { signal: AbortSignal.abort(reason) }), reason)
    if (state === 'stopped') return
    const { stdout } = await ct.exec(['stat', '-c', '%a %u %g', at('text'), '/srv/stopped/text'])
    t.equal(stdout, '640 1000 1001\n640 1000 1001\n')
  })
}

await t.test('no link leads out of the container', async (t) => {
  const secret = `/tmp/vpsadminos-secret-${process.pid}`
  writeFileSync(secret, 'of the host')
  t.teardown(() => rmSync(secret, { force: true }))
  await ct.exec([
    'sh',
    '-c',
    `ln -s ${secret} /tmp/link; ln -s ../../../../../..${secret} /tmp/up; ln -s /proc/1/root${secret} /tmp/magic`,
  ])
  for (const running of [true, false]) {
    for (const path of ['/tmp/link', '/tmp/up', '/tmp/magic', `/../../..${secret}`]) {
      const content = await ct
        .pull(path)
        .then(buffer, (error: NodeJS.ErrnoException) => error.code ?? '')
      t.not(content.toString(), 'of the host', `${path}, running: ${running}`)
    }
    await ct.push('/tmp/link', 'mine').catch(() => undefined)
    t.equal(readFileSync(secret, 'utf8'), 'of the host')
    if (running) await ct.stop({ method: 'kill' })
  }
  t.ok(existsSync(secret))
})
