// A pull is read by a child of the keeper, for as long as somebody reads: what becomes of it when its
// container, the child or the reader goes.
import { readlinkSync } from 'node:fs'
import { buffer } from 'node:stream/consumers'
import { busybox, temporaryHost } from '../../helpers/host.js'
import { settled, until } from '../../helpers/keeper-host.js'
import { childrenOf, pids, statusOf } from '../../helpers/processes.js'
import { requires } from '../../helpers/requires.js'

const t = requires('root', 'userns', 'liblxc', 'cgroup', 'busybox')
const host = await temporaryHost(t)
const ct = await host.containers.create({ id: 'one', image: busybox })
await ct.start()
const SIZE = 8 * 2 ** 20
await ct.push('/large', Buffer.alloc(SIZE, 'x'))
const keeper = await host.keeperPid()

const children = () => childrenOf(keeper)
const networkOf = (pid: string | number) => readlinkSync(`/proc/${pid}/ns/net`)
// The container's monitor, and two spare ones.
const idle = await settled(children, (pids) => pids.length === 3)

/** The child that reads, with what has been read of it. */
async function begun(path: string) {
  const stream = await ct.pull(path)
  const chunks = stream[Symbol.asyncIterator]()
  const { value } = (await chunks.next()) as IteratorYieldResult<Buffer>
  const [reader, ...more] = children().filter((pid) => !idle.includes(pid))
  if (reader === undefined || more.length > 0) throw new Error('not one child reads')
  return { stream, reader, first: value, chunks }
}

async function rest(chunks: AsyncIterator<unknown>): Promise<number> {
  let bytes = 0
  for (;;) {
    const next = await chunks.next()
    if (next.done === true) return bytes
    bytes += (next.value as Buffer).length
  }
}

await t.test('all of it comes, and the child goes', async (t) => {
  const content = await buffer(await ct.pull('/large'))
  t.ok(content.equals(Buffer.alloc(SIZE, 'x')))
  t.equal((await buffer(await ct.pull('/proc/1/cgroup'))).length > 0, true, 'of the kernel, too')
  await until(() => children().length === idle.length)
})

await t.test('nothing is taken of it before somebody reads', async (t) => {
  const stream = await ct.pull('/large')
  stream.on('error', (error) => t.fail(error))
  const reader = children().find((pid) => !idle.includes(pid))
  process.kill(Number(reader), 'SIGKILL')
  await until(() => children().length === idle.length)
  stream.removeAllListeners('error')
  await t.rejects(buffer(stream), { code: 'ECHILD', path: '/large' })
})

await t.test('a child that is killed ends nothing well', async (t) => {
  const { reader, chunks } = await begun('/large')
  process.kill(Number(reader), 'SIGKILL')
  await t.rejects(rest(chunks), { code: 'ECHILD' })
})

await t.test('who stops reading ends the child', async (t) => {
  const { stream } = await begun('/large')
  stream.destroy()
  await until(() => children().length === idle.length)
  const aborted = new AbortController()
  const given = await ct.pull('/large', { signal: aborted.signal })
  aborted.abort()
  await t.rejects(buffer(given), { name: 'AbortError' })
  await until(() => children().length === idle.length)
  await t.rejects(ct.pull('/large', { signal: AbortSignal.abort() }), { name: 'AbortError' })
})

await t.test('a container that stops meanwhile keeps nothing for it', async (t) => {
  const { initPid } = ct.show()
  const network = networkOf(initPid ?? 0)
  const { reader, first, chunks } = await begun('/large')
  t.not(networkOf(reader), network, 'who reads is not in its network')
  const rootOf = (pid: string | number) => statusOf(pid)?.get('Uid')?.split('\t')[0]
  t.equal(rootOf(reader), rootOf(initPid ?? 0), 'and its root')
  await ct.stop({ method: 'kill' })
  const networks = pids().map((pid) => {
    try {
      return networkOf(pid)
    } catch {
      return null // it is gone
    }
  })
  t.notOk(networks.includes(network), 'nobody is in its network any more')
  t.equal(first.length + (await rest(chunks)), SIZE, 'what was begun is read to its end')
  t.same((await host.audit()).leftovers, [])
})
