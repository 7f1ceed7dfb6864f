// Streams that are cut, and go on: by our tokens and by those of the zfs program.
import { execFileSync, spawnSync } from 'node:child_process'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { makeBookmarks } from '../../../dist/zfs/bookmarks.js'
import {
  cloneSnapshot,
  createDataset,
  destroySnapshots,
  makeSnapshots,
} from '../../../dist/zfs/datasets.js'
import { receiveSnapshot, type ReceiveOptions } from '../../../dist/zfs/receive.js'
import { decodeResumeToken, readResumeToken, resumedSend } from '../../../dist/zfs/resume-token.js'
import { snapshotStream } from '../../../dist/zfs/send.js'
import type { ZfsError } from '../../../dist/zfs/zfs-error.js'
import { requires } from '../../helpers/requires.js'
import { seeded } from '../../helpers/seeded.js'
import { held, nothingLeft } from '../../helpers/stream-leaks.js'
import { contentOf, fill, testPool, zfs } from '../../helpers/zpool.js'

const t = requires('root', 'zfs')
const pool = testPool(t)
const source = `${pool}/source`
const MIB = 2 ** 20
await createDataset(source, { compression: 'off' })
fill(source, 'one', 3 * MIB)
await makeSnapshots([`${source}@a`])
fill(source, 'two', 2 * MIB)
await makeSnapshots([`${source}@b`])

const get = (name: string, property: string) =>
  zfs('get', '-H', '-p', '-o', 'value', property, name)
const receive = (snapshot: string, bytes: Buffer, options: ReceiveOptions = {}) =>
  receiveSnapshot(snapshot, Readable.from([bytes], { objectMode: false }), {
    resumable: true,
    ...options,
  })
const truncated = { name: 'ZfsError', code: 'ZFS_ERR_STREAM_TRUNCATED' }
const rest = async (name: string) => {
  const { snapshot, ...options } = await resumedSend((await readResumeToken(name)) ?? '')
  return buffer(snapshotStream(snapshot, options))
}

await t.test('cut at random places, again and again, the content is the same', async (t) => {
  const random = seeded(t)
  const before = held()
  const copy = `${pool}/copy`
  for (const [name, from] of [
    ['a', null],
    ['b', `${source}@a`],
  ] as const) {
    const whole = await buffer(snapshotStream(`${source}@${name}`, { from }))
    let stream = whole
    for (let i = 0; i < 4; i++) {
      // Behind what the stream begins with, which goes before there is anything to go on from.
      const at = 4096 + random(Math.floor(stream.length / 2))
      await t.rejects(receive(`${copy}@${name}`, stream.subarray(0, at)), truncated, `at ${at}`)
      const next = await rest(copy)
      // One that is cut before its first block has the receiver begin at that file again.
      t.ok(next.length < whole.length, `${next.length} of ${stream.length} bytes are left`)
      stream = next
    }
    await receive(`${copy}@${name}`, stream)
    t.equal(await readResumeToken(copy), null)
    t.strictSame(contentOf(`${copy}@${name}`), contentOf(`${source}@${name}`))
  }
  await nothingLeft(t, before)
})

await t.test('what a token says, and that zfs send goes on with it', async (t) => {
  const copy = `${pool}/theirs`
  const stream = await buffer(snapshotStream(`${source}@a`, { largeBlocks: true, embedded: true }))
  await t.rejects(receive(`${copy}@a`, stream.subarray(0, 2 * MIB)), truncated)
  const token = (await readResumeToken(copy)) ?? ''
  t.equal(token, get(copy, 'receive_resume_token'))
  const decoded = decodeResumeToken(token)
  t.match(decoded, {
    snapshot: `${source}@a`,
    guid: BigInt(get(`${source}@a`, 'guid')),
    fromGuid: null,
    embedded: true,
    compressed: false,
    raw: false,
  })
  const said = execFileSync('zfs', ['send', '-nvt', token], { encoding: 'utf8' })
  for (const [name, value] of Object.entries({ ...decoded.resume, bytes: decoded.bytes })) {
    t.match(said, new RegExp(`\\b${name} = 0x${value.toString(16)}\\b`), name)
  }
  const theirs = execFileSync('zfs', ['send', '-t', token], { maxBuffer: 64 * MIB })
  t.ok((await rest(copy)).equals(theirs), 'the same bytes as those of zfs send')
  await receive(`${copy}@a`, theirs)
  t.strictSame(contentOf(`${copy}@a`), contentOf(`${source}@a`))
})

await t.test('and that we go on with those of zfs receive', async (t) => {
  const copy = `${pool}/ours`
  const stream = execFileSync('zfs', ['send', `${source}@a`], { maxBuffer: 64 * MIB })
  const input = stream.subarray(0, 2 * MIB)
  t.not(spawnSync('zfs', ['receive', '-s', copy], { input }).status, 0)
  // Also to a receive that is not to be resumed again, and to theirs.
  await receive(`${copy}@a`, await rest(copy), { resumable: false })
  t.strictSame(contentOf(`${copy}@a`), contentOf(`${source}@a`))
  const more = await buffer(snapshotStream(`${source}@b`, { from: `${source}@a` }))
  await t.rejects(receive(`${copy}@b`, more.subarray(0, MIB)), truncated)
  execFileSync('zfs', ['receive', copy], { input: await rest(copy) })
  t.strictSame(contentOf(`${copy}@b`), contentOf(`${source}@b`))
})

await t.test('from a bookmark, from the origin of a clone, and with another name', async (t) => {
  const clone = `${pool}/clone`
  await cloneSnapshot(`${source}@a`, clone)
  fill(clone, 'three', 2 * MIB)
  await makeSnapshots([`${clone}@c`])
  const bookmarked = `${pool}/bookmarked`
  await createDataset(bookmarked, { compression: 'off' })
  await makeSnapshots([`${bookmarked}@a`])
  fill(bookmarked, 'four', 2 * MIB)
  await makeSnapshots([`${bookmarked}@b`])
  await receive(`${pool}/base@a`, await buffer(snapshotStream(`${bookmarked}@a`)))
  await makeBookmarks({ [`${bookmarked}#a`]: `${bookmarked}@a` })

  for (const [snapshot, from, to, origin] of [
    [`${clone}@c`, `${source}@a`, `${pool}/second@c`, `${source}@a`],
    [`${bookmarked}@b`, `${bookmarked}#a`, `${pool}/base@b`, null],
  ] as const) {
    const stream = await buffer(snapshotStream(snapshot, { from }))
    await t.rejects(receive(to, stream.subarray(0, MIB), { origin }), truncated)
    const copy = to.replace(/@.*/, '')
    const token = (await readResumeToken(copy)) ?? ''
    if (origin === null) await destroySnapshots([`${bookmarked}@a`])
    zfs('rename', snapshot, `${snapshot}-renamed`)
    t.match(await resumedSend(token), { snapshot: `${snapshot}-renamed`, from })
    await receive(to, await rest(copy), { origin })
    t.strictSame(contentOf(to), contentOf(`${snapshot}-renamed`))
  }
})

await t.test('where there is nothing to go on with', async (t) => {
  t.equal(await readResumeToken(source), null)
  await t.rejects(readResumeToken(`${pool}/none`), { name: 'ZfsError', code: 'ENOENT' })
  const lost = `${pool}/lost`
  await createDataset(lost, { compression: 'off' })
  await makeSnapshots([`${lost}@a`])
  fill(lost, 'one', 2 * MIB)
  await makeSnapshots([`${lost}@b`])
  const [first, second] = [`${pool}/first`, `${pool}/second-of-two`] as const
  await receive(`${second}@a`, await buffer(snapshotStream(`${lost}@a`)))
  for (const [to, from] of [
    [first, null],
    [second, `${lost}@a`],
  ] as const) {
    const stream = await buffer(snapshotStream(`${lost}@b`, { from }))
    await t.rejects(receive(`${to}@b`, stream.subarray(0, MIB)), truncated)
  }
  const [whole, since] = [await readResumeToken(first), await readResumeToken(second)]
  const fromGuid = get(`${lost}@a`, 'guid')
  await destroySnapshots([`${lost}@a`])
  await resumedSend(whole ?? '')
  await t.rejects(resumedSend(since ?? ''), {
    name: 'ZfsError',
    code: 'ENOENT',
    detail: `no snapshot or bookmark to begin at with guid ${fromGuid}`,
  })
  await destroySnapshots([`${lost}@b`])
  await t.rejects(resumedSend(whole ?? ''), { code: 'ENOENT', detail: /^no snapshot with guid/ })
  zfs('destroy', '-r', lost)
  await t.rejects(resumedSend(whole ?? ''), { code: 'ENOENT', path: lost })

  // One that was cut is in the way of another stream.
  const stream = await buffer(snapshotStream(`${source}@a`))
  const error = await receive(`${first}@a`, stream).catch((error: unknown) => error as ZfsError)
  t.match(error, { name: 'ZfsError', code: /^(EBUSY|ZFS_ERR_RESUME_EXISTS)$/ }, String(error?.code))
})
