// Streams out: what the zfs program makes of them, and what becomes of those that nobody reads.
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { closeSync, openSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { makeBookmarks } from '../../../dist/zfs/bookmarks.js'
import { createDataset, destroySnapshots, makeSnapshots } from '../../../dist/zfs/datasets.js'
import { estimateSend, sendSnapshot, snapshotStream } from '../../../dist/zfs/send.js'
import type { ZfsError } from '../../../dist/zfs/zfs-error.js'
import { beginAndEnd } from '../../helpers/in-worker.js'
import { requires } from '../../helpers/requires.js'
import { held, nothingLeft } from '../../helpers/stream-leaks.js'
import { upTo } from '../../helpers/time.js'
import { contentOf, fill, testPool, zfs } from '../../helpers/zpool.js'

const t = requires('root', 'zfs')
const pool = testPool(t)
const source = `${pool}/source`
const MIB = 2 ** 20
await createDataset(source, { compression: 'off', recordsize: MIB })
fill(source, 'one', 2 * MIB)
await makeSnapshots([`${source}@a`])
fill(source, 'two', MIB)
await makeSnapshots([`${source}@b`])
await makeBookmarks({ [`${source}#a`]: `${source}@a` })

const receive = (stream: Buffer, ...args: string[]) =>
  execFileSync('zfs', ['receive', ...args], { input: stream, encoding: 'utf8', stdio: 'pipe' })
const failure = (stream: Readable) =>
  buffer(stream).then(
    () => null,
    (error: unknown) => error,
  )
const file = join(tmpdir(), `stream-${process.pid}`)

await t.test('whole, and from a snapshot or a bookmark: zfs receive takes it', async (t) => {
  const before = held()
  const copy = `${pool}/copy`
  const whole = await buffer(snapshotStream(`${source}@a`))
  receive(whole, copy)
  t.strictSame(contentOf(`${copy}@a`), contentOf(`${source}@a`))
  const later = await buffer(snapshotStream(`${source}@b`, { from: `${source}@a` }))
  t.ok(later.length < whole.length, `${later.length} of ${whole.length} bytes`)
  receive(later, copy)
  t.strictSame(contentOf(`${copy}@b`), contentOf(`${source}@b`))
  zfs('rollback', '-r', `${copy}@a`)
  t.strictSame(await buffer(snapshotStream(`${source}@b`, { from: `${source}#a` })), later)
  receive(later, copy)
  t.strictSame(contentOf(`${copy}@b`), contentOf(`${source}@b`))
  await nothingLeft(t, before)
})

await t.test('the same bytes as zfs send, with each flag', async (t) => {
  const flags = { largeBlocks: '-L', embedded: '-e', compressed: '-c', raw: '-w' } as const
  for (const [name, flag] of Object.entries(flags)) {
    const theirs = execFileSync('zfs', ['send', flag, `${source}@a`], { maxBuffer: 64 * MIB })
    // What makes raw streams large is `zfs send`, which sets further flags with it.
    const more = name === 'raw' ? { largeBlocks: true, embedded: true, compressed: true } : {}
    const ours = await buffer(snapshotStream(`${source}@a`, { [name]: true, ...more }))
    t.ok(ours.equals(theirs), `${name}: ${ours.length} bytes, ${theirs.length} of zfs send`)
  }
})

await t.test('what is encrypted, without its key', async (t) => {
  const [secret, moved] = [`${pool}/secret`, `${pool}/moved`] as const
  const key = `${file}.key`
  writeFileSync(key, randomBytes(32))
  const encryption = ['encryption=on', 'keyformat=raw', `keylocation=file://${key}`]
  zfs('create', ...encryption.flatMap((each) => ['-o', each]), secret)
  fill(secret, 'one', 1000)
  await makeSnapshots([`${secret}@a`])
  const content = contentOf(`${secret}@a`)
  zfs('unload-key', secret)
  t.match(await failure(snapshotStream(`${secret}@a`)), { name: 'ZfsError', code: 'EACCES' })
  receive(await buffer(snapshotStream(`${secret}@a`, { raw: true })), moved)
  zfs('load-key', '-L', `file://${key}`, moved)
  t.strictSame(contentOf(`${moved}@a`), content)
})

await t.test('into a descriptor, which may be closed at once', async (t) => {
  const before = held()
  const fd = openSync(file, 'w')
  const sent = sendSnapshot(`${source}@a`, fd)
  closeSync(fd)
  await sent
  const theirs = execFileSync('zfs', ['send', `${source}@a`], { maxBuffer: 64 * MIB })
  t.ok(readFileSync(file).equals(theirs))
  await nothingLeft(t, before)
  await t.rejects(sendSnapshot(`${source}@a`, 12345), { name: 'ZfsError', code: 'EBADF' })
  const readOnly = openSync(file, 'r')
  await t.rejects(sendSnapshot(`${source}@a`, readOnly), { code: 'EBADF' })
  closeSync(readOnly)
  t.ok(statSync(file).size > 0)
})

await t.test('how much it will be', async (t) => {
  const near = (estimate: number, size: number) =>
    t.ok(Math.abs(estimate - size) < 0.1 * size + 65_536, `${estimate} of ${size} bytes`)
  const whole = await buffer(snapshotStream(`${source}@a`))
  near(await estimateSend(`${source}@a`), whole.length)
  const from = { from: `${source}@a` }
  const later = await buffer(snapshotStream(`${source}@b`, from))
  near(await estimateSend(`${source}@b`, from), later.length)
  near(await estimateSend(`${source}@b`, { from: `${source}#a` }), later.length)
  await t.rejects(estimateSend(`${source}@none`), { name: 'ZfsError', code: 'ENOENT' })
})

await t.test('what is refused', async (t) => {
  const before = held()
  const other = `${pool}/other`
  await createDataset(other)
  await makeSnapshots([`${other}@a`])
  const long = 'x'.repeat(256)
  for (const [snapshot, from, code] of [
    [`${source}@none`, null, 'ENOENT'],
    ['no-such-pool/a@b', null, 'ENOENT'],
    [`${source}@b`, `${source}@none`, 'ENOENT'],
    [`${source}@b`, `${source}#none`, /^(ENOENT|ESRCH)$/],
    [`${source}@b`, `${other}@a`, 'EXDEV'],
    [`${source}@a`, `${source}@b`, 'EXDEV'],
    [`${source}@${long}`, null, /^(ENAMETOOLONG|EINVAL)$/],
    [`${source}@b`, `${source}@${long}`, /^(ENAMETOOLONG|EINVAL)$/],
    ['@', null, /^(ENOENT|EINVAL)$/],
  ] as const) {
    const expected = { name: 'ZfsError', syscall: 'lzc_send', path: snapshot, code }
    const what = `${snapshot.slice(0, 40)} from ${from?.slice(0, 40)}`
    const error = await failure(snapshotStream(snapshot, { from }))
    t.match(error, expected, `${what}: ${String((error as ZfsError).code)}`)
    const fd = openSync(file, 'w')
    await t.rejects(sendSnapshot(snapshot, fd, { from }), expected, what)
    closeSync(fd)
  }
  await nothingLeft(t, before)
})

await t.test('a reader that goes away', async (t) => {
  const before = held()
  for (const error of [undefined, new Error('enough')]) {
    const stream = snapshotStream(`${source}@b`)
    for await (const _chunk of stream.iterator({ destroyOnReturn: false })) break
    t.equal(held().threads, before.threads + 1, 'one thread')
    const failed = failure(stream)
    stream.destroy(error)
    t.match(await failed, error ?? { code: 'ERR_STREAM_PREMATURE_CLOSE' })
    await nothingLeft(t, before)
  }
  await destroySnapshots([`${source}@b`])
  fill(source, 'three', MIB)
  await makeSnapshots([`${source}@b`])
  t.pass('the snapshot is not held by anything')
  snapshotStream(`${source}@b`).destroy()
  await nothingLeft(t, before)
})

await t.test('more at a time than the storage has threads', async (t) => {
  // More than a pipe takes, so that each is under way until it is read.
  const small = `${pool}/small@a`
  await createDataset(`${pool}/small`)
  fill(`${pool}/small`, 'one', 2 ** 18)
  await makeSnapshots([small])
  const before = held()
  const streams = Array.from({ length: 20 }, () => snapshotStream(small))
  t.ok((await estimateSend(small)) > 0, 'other calls do not wait for them')
  const sizes = new Set<number>()
  for (const stream of streams.reverse()) sizes.add((await buffer(stream)).length)
  t.equal(sizes.size, 1)
  await nothingLeft(t, before)
})

await t.test('given up', async (t) => {
  const before = held()
  t.throws(() => snapshotStream(`${source}@a`, { signal: AbortSignal.abort() }), {
    name: 'AbortError',
  })
  const giveUp = new AbortController()
  const stream = snapshotStream(`${source}@a`, { signal: giveUp.signal })
  const failed = failure(stream)
  const started = Date.now()
  giveUp.abort(new Error('enough'))
  t.match(await failed, { message: 'enough' })
  await nothingLeft(t, before)
  t.ok(Date.now() - started < upTo(2000), 'at once')
})

await t.test('a worker that ends in its middle', async (t) => {
  const before = held()
  const snapshot = JSON.stringify(`${source}@a`)
  await beginAndEnd('zfs/send.js', `module.snapshotStream(${snapshot}).once('readable', begun)`)
  await nothingLeft(t, before)
})
