// Tokens that somebody else made: whatever is in them, they are decoded or refused.
import { deflateSync } from 'node:zlib'
import type { Test } from 'tap'
import { native } from '#native'
import { decodeResumeToken } from '../../../dist/zfs/resume-token.js'
import { requires } from '../../helpers/requires.js'
import { seeded } from '../../helpers/seeded.js'

const t = requires('zfs')

// Packed as the kernel does on a little endian machine, sys/nvpair.h.
const UINT64 = 8
const STRING = 9
const FLAG = 1
const INT64_ARRAY = 15
const eights = (...numbers: bigint[]) => {
  const bytes = Buffer.alloc(8 * numbers.length)
  for (const [i, number] of numbers.entries()) bytes.writeBigUInt64LE(number, 8 * i)
  return bytes
}
const padded = (text: string) => {
  const bytes = Buffer.alloc((Buffer.byteLength(text) + 8) & ~7)
  bytes.write(text)
  return bytes
}
const pair = (name: string, type: number, count: number, value: Buffer): Buffer => {
  const head = Buffer.alloc(16)
  // The name begins behind 16 bytes, the value at a multiple of 8.
  const key = padded(name)
  head.writeInt32LE(16 + key.length + value.length, 0)
  head.writeInt16LE(Buffer.byteLength(name) + 1, 4)
  head.writeInt32LE(count, 8)
  head.writeInt32LE(type, 12)
  return Buffer.concat([head, key, value])
}
const packed = (...pairs: Buffer[]): Buffer => {
  const head = Buffer.from([0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0])
  return Buffer.concat([head, ...pairs, Buffer.alloc(4)])
}
const number = (name: string, value: bigint) => pair(name, UINT64, 1, eights(value))
const most = 2n ** 64n - 1n
const good = [
  pair('toname', STRING, 1, padded('tank/a@s')),
  number('toguid', most),
  number('object', 5n),
  number('offset', most),
  number('bytes', 7n),
]

const checksum = (bytes: Buffer) => {
  let sum = 0n
  for (let at = 0; at + 4 <= bytes.length; at += 4) sum += BigInt(bytes.readUInt32LE(at))
  return sum.toString(16)
}
const token = (list: Buffer, size = list.length, bytes = deflateSync(list)) =>
  `1-${checksum(bytes)}-${size.toString(16)}-${bytes.toString('hex')}`
const refused = (t: Test, token: string, reason: RegExp) => {
  t.throws(() => decodeResumeToken(token), {
    code: 'ERR_INVALID_ARGUMENT',
    argument: 'token',
    reason,
  })
}

t.test('decoded', (t) => {
  const plain = { largeBlocks: false, embedded: false, compressed: false, raw: false }
  const expected = {
    snapshot: 'tank/a@s',
    guid: most,
    fromGuid: null,
    resume: { object: 5n, offset: most },
    bytes: 7n,
    ...plain,
  }
  t.strictSame(decodeResumeToken(token(packed(...good))), expected)
  const names = {
    largeblockok: 'largeBlocks',
    embedok: 'embedded',
    compressok: 'compressed',
    rawok: 'raw',
  }
  for (const [flag, name] of Object.entries(names)) {
    const list = packed(...good, pair(flag, FLAG, 0, Buffer.alloc(0)))
    t.strictSame(decodeResumeToken(token(list)), { ...expected, [name]: true })
  }
  t.equal(decodeResumeToken(token(packed(...good, number('fromguid', 9n)))).fromGuid, 9n)
  t.equal(decodeResumeToken(token(packed(...good, number('fromguid', 0n)))).fromGuid, null)
  const more = pair('redact_snaps', INT64_ARRAY, 2, eights(1n, 2n))
  t.strictSame(decodeResumeToken(token(packed(...good, more))), expected, 'types that are not read')
  t.end()
})

t.test('refused, with the reason', (t) => {
  const list = packed(...good)
  const one = token(list)
  for (const text of ['', '-', '1-0-0-', '1-a-b-abc', 'x'.repeat(10_000), `${one} `, `${one}\n`]) {
    refused(t, text, /^is no resume token$/)
  }
  refused(t, `1-1-1-${'00'.repeat(5000)}`, /^is no resume token$/)
  refused(t, one.replace(/^1/, '2'), /^is of version 2/)
  refused(t, one.replace(/..$/, (two) => (two === '00' ? '01' : '00')).slice(0, -8), /^is damaged/)
  refused(t, token(list, 0), /^is of 0 bytes/)
  refused(t, token(list, 65_537), /^is of 65537 bytes/)
  refused(t, token(list, 2 ** 50), /^is of \d+ bytes/)
  refused(t, token(list, list.length - 1), /^does not decompress$/)
  refused(t, token(list, list.length + 1), /^has another size/)
  refused(t, token(Buffer.alloc(60_000)), /^is no list of values$/)
  refused(t, token(list, 100, Buffer.from('none')), /^does not decompress$/)
  for (const [i, name] of ['toname', 'toguid', 'object', 'offset', 'bytes'].entries()) {
    refused(t, token(packed(...good.toSpliced(i, 1))), new RegExp(`^does not say ${name}$`))
  }
  const words = [pair('toname', STRING, 1, padded('tank/a')), ...good.slice(1)]
  refused(t, token(packed(...words)), /^does not say toname$/)
  const wrong = [...good.slice(0, 4), pair('bytes', STRING, 1, padded('7'))]
  refused(t, token(packed(...wrong)), /^does not say bytes$/)
  t.end()
})

t.test('lists that are broken', (t) => {
  const list = packed(...good)
  const broken: Record<string, Buffer> = {
    'no encoding': Buffer.from(list).fill(7, 0, 1),
    'the other order of bytes': Buffer.from(list).fill(0, 1, 2),
    'a size beyond its end': Buffer.from(list).fill(0x7f, 12, 16),
    'a negative size': Buffer.from(list).fill(0xff, 12, 16),
    'a name beyond its end': Buffer.from(list).fill(0x7f, 16, 18),
    'no end': list.subarray(0, -4),
  }
  for (const bytes of Object.values(broken)) refused(t, token(bytes), /^(is no list|does not say)/)
  t.throws(() => native.zfs.unpack(Buffer.alloc(65_537)), { name: 'ZfsError', code: 'E2BIG' })
  t.end()
})

t.test('whatever the bytes are', (t) => {
  const random = seeded(t)
  const list = packed(...good, pair('embedok', FLAG, 0, Buffer.alloc(0)))
  for (let i = 0; i < 1000; i++) {
    const bytes = Buffer.from(list)
    for (let j = random(4); j >= 0; j--) bytes.writeUInt8(random(256), random(bytes.length))
    const some = bytes.subarray(0, random(8) === 0 ? random(bytes.length) : bytes.length)
    try {
      decodeResumeToken(token(some))
    } catch (error) {
      if ((error as { code?: string }).code === 'ERR_INVALID_ARGUMENT') continue
      t.fail(`${some.toString('hex')}: ${String(error)}`)
    }
  }
  t.pass('none of them is anything but decoded or refused')
  t.end()
})
