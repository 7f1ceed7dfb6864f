// The two halves of the protocol speak of the same things by the same numbers.
import { readFileSync } from 'node:fs'
import t from 'tap'
import { decodeFrame, encodeFrame, Fields, kinds, tags } from '../../../dist/keeper/protocol.js'

const definition = readFileSync('native/keeper/protocol.def.h', 'utf8')

function defined(macro: string): Record<string, number> {
  const lines = definition.matchAll(new RegExp(`^${macro}\\((\\w+), (\\d+)\\)$`, 'gm'))
  return Object.fromEntries([...lines].map(([, name = '', number]) => [name, Number(number)]))
}

t.strictSame(defined('KEEPER_KIND'), { ...kinds }, 'kinds')
t.strictSame(defined('KEEPER_TAG'), { ...tags }, 'tags')
t.equal(new Set(Object.values(tags)).size, Object.keys(tags).length, 'no tag number twice')

t.test('what is encoded comes back', async (t) => {
  const frame = encodeFrame('START', 7, {
    ID: 'žába',
    SEQ: Number.MAX_SAFE_INTEGER,
    ARG: ['a', '', 'c'],
    DATA: Buffer.from([0, 255]),
    STDIN: true,
    CWD: null,
  })
  const { kind, id, fields } = decodeFrame(frame)
  t.equal(kind, kinds.START)
  t.equal(id, 7)
  t.equal(fields.text('ID'), 'žába')
  t.equal(fields.number('SEQ'), Number.MAX_SAFE_INTEGER)
  t.strictSame(fields.texts('ARG'), ['a', '', 'c'])
  t.strictSame([...fields.bytes('DATA')], [0, 255])
  t.equal(fields.number('STDIN'), 1)
  t.notOk(fields.has('CWD'), 'null is left out')
})

t.test('what is cut short is refused', async (t) => {
  const frame = encodeFrame('HELLO', 1, { ID: 'abc' })
  for (let length = 9; length < frame.length; length++) {
    t.throws(() => decodeFrame(frame.subarray(0, length)), RangeError, `${length} bytes`)
  }
  t.throws(() => decodeFrame(Buffer.alloc(3)), RangeError)
  t.throws(() => new Fields(Buffer.from([1, 0, 0, 0, 255, 255, 255, 255])), RangeError)
})

t.test('a frame has a limit', async (t) => {
  t.throws(() => encodeFrame('EDIT', 1, { DATA: Buffer.alloc(200_000) }), { code: 'E2BIG' })
  const words = Array.from({ length: 4096 }, () => 'x')
  t.doesNotThrow(() => encodeFrame('EXEC', 1, { ARG: words }))
  t.throws(
    () => encodeFrame('EXEC', 1, { ARG: words, UID: 0 }),
    { code: 'E2BIG' },
    'also of fields',
  )
})
