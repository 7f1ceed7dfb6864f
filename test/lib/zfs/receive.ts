// Streams in: of the zfs program's, and what becomes of those that are cut, damaged or given up.
import { execFileSync } from 'node:child_process'
import { closeSync, openSync, readSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { setTimeout } from 'node:timers/promises'
import { createDataset, datasetExists, makeSnapshots } from '../../../dist/zfs/datasets.js'
import { listDatasets } from '../../../dist/zfs/list.js'
import { receiveSnapshot } from '../../../dist/zfs/receive.js'
import { readResumeToken } from '../../../dist/zfs/resume-token.js'
import { snapshotStream } from '../../../dist/zfs/send.js'
import type { ZfsError } from '../../../dist/zfs/zfs-error.js'
import { beginAndEnd } from '../../helpers/in-worker.js'
import { until } from '../../helpers/keeper-host.js'
import { requires } from '../../helpers/requires.js'
import { held, nothingLeft } from '../../helpers/stream-leaks.js'
import { upTo } from '../../helpers/time.js'
import { contentOf, fill, testPool, zfs } from '../../helpers/zpool.js'

const t = requires('root', 'zfs')
const pool = testPool(t)
const source = `${pool}/source`
const MIB = 2 ** 20
const HALF = MIB / 2
const send = (...args: string[]) =>
  execFileSync('zfs', ['send', ...args], { maxBuffer: 64 * MIB, stdio: ['ignore', 'pipe', 'pipe'] })
await createDataset(source, { compression: 'off' })
fill(source, 'one', MIB)
await makeSnapshots([`${source}@a`])
fill(source, 'two', HALF)
await makeSnapshots([`${source}@b`])
const whole = send(`${source}@a`)
const later = send('-i', '@a', `${source}@b`)

// In pieces that have nothing to do with the stream's records.
const piece = 50_000
const pieces = (bytes: Buffer) =>
  Array.from({ length: Math.ceil(bytes.length / piece) }, (_, i) =>
    bytes.subarray(i * piece, (i + 1) * piece),
  )
const readable = (bytes: Buffer) => Readable.from(pieces(bytes), { objectMode: false })
const failure = (promise: Promise<void>) =>
  promise.then(
    () => null,
    (error: unknown) => error as ZfsError,
  )
/** With the bytes, and neither an end nor more. */
function stalling(bytes: Buffer): PassThrough {
  const source = new PassThrough()
  source.write(bytes)
  return source
}

await t.test('whole, and from a snapshot: what zfs send has sent', async (t) => {
  const before = held()
  const copy = `${pool}/copy`
  const progress: number[] = []
  await receiveSnapshot(`${copy}@a`, readable(whole), {
    onProgress: (bytes) => progress.push(bytes),
  })
  t.strictSame(contentOf(`${copy}@a`), contentOf(`${source}@a`))
  t.strictSame(
    progress,
    [...progress].sort((a, b) => a - b),
  )
  t.equal(progress.at(-1), whole.length)
  await receiveSnapshot(`${copy}@b`, readable(later))
  t.strictSame(contentOf(`${copy}@b`), contentOf(`${source}@b`))
  await nothingLeft(t, before)
})

await t.test('from one pool to another, with nothing between', async (t) => {
  const before = held()
  const other = testPool(t)
  await receiveSnapshot(`${other}/copy@x`, snapshotStream(`${source}@b`))
  t.strictSame(contentOf(`${other}/copy@x`), contentOf(`${source}@b`))
  await nothingLeft(t, before)
})

await t.test(
  'from a descriptor, which may be closed at once, and not beyond its end',
  async (t) => {
    const before = held()
    const file = join(tmpdir(), `stream-${process.pid}`)
    writeFileSync(file, Buffer.concat([whole, Buffer.from('rest')]))
    const fd = openSync(file, 'r')
    await receiveSnapshot(`${pool}/file@a`, fd)
    const rest = Buffer.alloc(8)
    t.equal(rest.toString('utf8', 0, readSync(fd, rest)), 'rest')
    closeSync(fd)
    const again = openSync(file, 'r')
    const received = receiveSnapshot(`${pool}/again@a`, again)
    closeSync(again)
    await received
    t.strictSame(contentOf(`${pool}/again@a`), contentOf(`${source}@a`))
    await nothingLeft(t, before)
    await t.rejects(receiveSnapshot(`${pool}/x@a`, 12345), { name: 'ZfsError', code: 'EBADF' })
  },
)

await t.test('a source that stays open is left at the end of the stream', async (t) => {
  const before = held()
  const open = stalling(whole)
  await receiveSnapshot(`${pool}/open@a`, open)
  t.notOk(open.destroyed)
  open.end()
  await nothingLeft(t, before)
})

await t.test('with properties, which are received ones', async (t) => {
  const name = `${pool}/properties`
  const properties = { canmount: 'noauto', quota: 64 * MIB, 'org.example:a': 'yes' }
  await receiveSnapshot(`${name}@a`, readable(whole), { properties })
  const wanted = Object.keys(properties)
  t.strictSame(
    zfs('get', '-H', '-p', '-o', 'property,value,source', wanted.join(), name).split('\n').sort(),
    wanted.map((each) => `${each}\t${properties[each as 'quota']}\treceived`).sort(),
  )
  const [listed] = await listDatasets(name, { depth: 0, properties: wanted })
  for (const each of wanted) t.equal(listed?.properties[each]?.source, 'received', each)
  await t.rejects(receiveSnapshot(`${pool}/x@a`, readable(whole), { properties: { quota: -1 } }), {
    code: 'ERR_INVALID_ARGUMENT',
  })
  t.notOk(await datasetExists(`${pool}/x`))
  const long = { 'org.example:long': 'x'.repeat(9000), 'org.example:b': 'yes' }
  await t.rejects(receiveSnapshot(`${pool}/long@a`, readable(whole), { properties: long }), {
    name: 'ZfsError',
    code: 'E2BIG',
    failures: [{ name: 'org.example:long', code: 'E2BIG' }],
  })
  t.strictSame(contentOf(`${pool}/long@a`), contentOf(`${source}@a`), 'it has come all the same')
  t.equal(zfs('get', '-H', '-o', 'value', 'org.example:b', `${pool}/long`), 'yes')
})

await t.test('a clone, and one that was changed since', async (t) => {
  const clone = `${pool}/clone`
  await receiveSnapshot(`${clone}@b`, readable(later), { origin: `${source}@a` })
  t.equal(zfs('get', '-H', '-o', 'value', 'origin', clone), `${source}@a`)
  t.strictSame(contentOf(`${clone}@b`), contentOf(`${source}@b`))

  const changed = `${pool}/changed`
  await receiveSnapshot(`${changed}@a`, readable(whole))
  fill(changed, 'three', 1000)
  await t.rejects(receiveSnapshot(`${changed}@b`, readable(later)), {
    name: 'ZfsError',
    code: 'ETXTBSY',
  })
  await receiveSnapshot(`${changed}@b`, readable(later), { force: true })
  t.strictSame(contentOf(`${changed}@b`), contentOf(`${source}@b`))
})

await t.test('what is refused leaves nothing, and its source is closed', async (t) => {
  const before = held()
  const long = 'x'.repeat(256)
  const none = Buffer.alloc(1000)
  for (const [snapshot, bytes, code] of [
    [`${pool}/copy@a`, whole, 'EEXIST'],
    [`${pool}/copy@c`, whole, 'EEXIST'],
    [`${pool}/new@b`, later, /^(ENOENT|ENODEV)$/],
    [`${source}@c`, later, /^(ENODEV|ETXTBSY)$/],
    [`${pool}/a/b@a`, whole, 'ENOENT'],
    ['no-such-pool/a@a', whole, 'ENOENT'],
    ['no-such-pool@a', whole, 'ENOENT'],
    [`${pool}/new`, whole, 'EINVAL'],
    [`${pool}/new@`, whole, 'EINVAL'],
    [`${pool}/${long}@a`, whole, /^(ENAMETOOLONG|EINVAL)$/],
    [`${pool}/new@${long}`, whole, /^(ENAMETOOLONG|EINVAL)$/],
    [`${pool}/new@a`, none, 'EINVAL'],
    [`${pool}/new@a`, Buffer.alloc(0), 'ZFS_ERR_STREAM_TRUNCATED'],
    [`${pool}/new@a`, whole.subarray(0, 311), 'ZFS_ERR_STREAM_TRUNCATED'],
    [`${pool}/new@a`, whole.subarray(0, 312), 'ZFS_ERR_STREAM_TRUNCATED'],
    [`${pool}/new@a`, whole.subarray(0, HALF), 'ZFS_ERR_STREAM_TRUNCATED'],
    [`${pool}/new@a`, whole.subarray(0, -1), 'ZFS_ERR_STREAM_TRUNCATED'],
  ] as const) {
    const from = readable(bytes)
    const what = `${snapshot.slice(0, 40)}, ${bytes.length} bytes`
    const error = await failure(receiveSnapshot(snapshot, from))
    t.match(error, { name: 'ZfsError', path: snapshot, code }, `${what}: ${String(error?.code)}`)
    t.ok(from.destroyed)
    t.notOk(await datasetExists(`${pool}/new`), 'no dataset is left')
  }
  t.notOk(await datasetExists(`${pool}/copy@c`))
  await nothingLeft(t, before)
})

await t.test('damaged anywhere', async (t) => {
  const parts = [0.1, 0.3, 0.5, 0.7, 0.9].map((part) => Math.floor(part * whole.length))
  for (const place of [8, 16, 100, 400, 1000, ...parts]) {
    const bytes = Buffer.from(whole)
    bytes.writeUInt8(bytes.readUInt8(place) ^ 0x10, place)
    const error = await failure(receiveSnapshot(`${pool}/new@a`, readable(bytes)))
    // What stands there says that it is a stream.
    const code = place === 8 ? 'EINVAL' : 'ECKSUM'
    t.match(error, { name: 'ZfsError', code }, `byte ${place}: ${String(error?.code)}`)
    t.notOk(await datasetExists(`${pool}/new`), 'no dataset is left')
  }
})

await t.test('a source that fails, a listener that throws', async (t) => {
  const before = held()
  const failing = stalling(whole.subarray(0, HALF))
  const received = receiveSnapshot(`${pool}/new@a`, failing)
  await setTimeout(upTo(20))
  failing.destroy(new Error('the network has gone'))
  await t.rejects(received, { message: 'the network has gone' })
  const onProgress = () => {
    throw new Error('no')
  }
  await t.rejects(receiveSnapshot(`${pool}/new@a`, readable(whole), { onProgress }), {
    message: 'no',
  })
  await t.rejects(receiveSnapshot(`${pool}/new@a`, Readable.from([1, 2])), {
    code: 'ERR_INVALID_ARG_TYPE',
  })
  t.notOk(await datasetExists(`${pool}/new`))
  await nothingLeft(t, before)
})

await t.test('given up before, and in its middle', async (t) => {
  const before = held()
  const untouched = readable(whole)
  await t.rejects(receiveSnapshot(`${pool}/new@a`, untouched, { signal: AbortSignal.abort() }), {
    name: 'AbortError',
  })
  t.notOk(untouched.destroyed, 'nothing was begun')
  untouched.destroy()
  for (const resumable of [false, true]) {
    for (const bytes of [0, HALF]) {
      const giveUp = new AbortController()
      const from = stalling(whole.subarray(0, bytes))
      const { signal } = giveUp
      const received = receiveSnapshot(`${pool}/new@a`, from, { resumable, signal })
      if (bytes > 0) await until(() => datasetExists(`${pool}/new`))
      await setTimeout(upTo(20))
      const started = Date.now()
      giveUp.abort(new Error('enough'))
      await t.rejects(received, { message: 'enough' })
      t.ok(Date.now() - started < upTo(5000), `after ${Date.now() - started} ms`)
      t.ok(from.destroyed)
      const left = resumable && bytes > 0
      t.equal(await datasetExists(`${pool}/new`), left, left ? 'to go on' : 'nothing is left')
      if (left) t.type(await readResumeToken(`${pool}/new`), 'string')
    }
  }
  zfs('destroy', '-r', `${pool}/new`)
  await nothingLeft(t, before)
})

await t.test(
  'a descriptor that nobody writes to any more: the caller closes its other end',
  async (t) => {
    const before = held()
    const { native } = await import('#native')
    const { read, write } = native.zfs.pipe()
    const giveUp = new AbortController()
    const received = receiveSnapshot(`${pool}/new@a`, read, { signal: giveUp.signal })
    const given = t.rejects(received, { message: 'enough' })
    await until(() => held().threads === before.threads + 1)
    giveUp.abort(new Error('enough'))
    await given
    t.equal(held().threads, before.threads + 1, 'the call goes on')
    closeSync(read)
    closeSync(write)
    await nothingLeft(t, before)
    t.notOk(await datasetExists(`${pool}/new`))
  },
)

await t.test('a worker that ends in its middle', async (t) => {
  const before = held()
  const file = join(tmpdir(), `half-${process.pid}`)
  writeFileSync(file, whole.subarray(0, HALF))
  await beginAndEnd(
    'zfs/receive.js',
    `const source = new (require('node:stream').PassThrough)()
     source.write(require('node:fs').readFileSync(${JSON.stringify(file)}))
     const onProgress = () => setTimeout(begun, 100)
     module.receiveSnapshot(${JSON.stringify(`${pool}/new@a`)}, source, { onProgress })`,
  )
  await nothingLeft(t, before)
  t.notOk(await datasetExists(`${pool}/new`))
})
