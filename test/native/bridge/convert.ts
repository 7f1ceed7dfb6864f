// Every type of argument: what it takes, what it gives back, what it refuses and in which words.
import { loadSelftest, type Selftest } from '../../helpers/selftest.js'
import { requires } from '../../helpers/requires.js'

const t = requires('selftest')
const selftest = loadSelftest()

type Echo = keyof Selftest & ('boolean' | 'string' | 'int32' | 'uint32' | 'integer' | 'number' |
  'strings' | 'bigint' | 'bytes' | 'nullable')

const types: Record<Echo, { takes: unknown[]; refuses: unknown[]; expected: string }> = {
  boolean: { takes: [true, false], refuses: [0, 'true', null], expected: 'boolean' },
  string: {
    takes: ['', 'ä', 'čeština ✓ 😀', 'x'.repeat(100_000)],
    refuses: [1, null, ['a'], Object('a')],
    expected: 'string',
  },
  int32: {
    takes: [0, -0, -(2 ** 31), 2 ** 31 - 1],
    refuses: [2 ** 31, -(2 ** 31) - 1, 0.5, NaN, Infinity, 1n, '1', null],
    expected: 'integer of 32 bits',
  },
  uint32: {
    takes: [0, 2 ** 32 - 1],
    refuses: [-1, 2 ** 32, 1.5, NaN, null],
    expected: 'unsigned integer of 32 bits',
  },
  integer: {
    takes: [Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER],
    refuses: [Number.MAX_SAFE_INTEGER + 1, 0.1, -Infinity, 1n],
    expected: 'safe integer',
  },
  number: { takes: [0.5, -1e300, Infinity], refuses: ['1', null, 1n], expected: 'number' },
  strings: { takes: [[], ['a', 'b']], refuses: ['a', { 0: 'a', length: 1 }], expected: 'array' },
  bigint: {
    takes: [0n, 2n ** 64n - 1n],
    refuses: [-1n, 2n ** 64n, 1, null],
    expected: 'unsigned bigint of 64 bits',
  },
  bytes: {
    takes: [Buffer.from([0, 255]), Buffer.alloc(0)],
    refuses: ['a', [1], new Uint16Array(1), new ArrayBuffer(1), new DataView(new ArrayBuffer(1))],
    expected: 'Uint8Array',
  },
  nullable: { takes: [null, 'a'], refuses: [undefined, 1], expected: 'string' },
}

for (const [name, { takes, refuses, expected }] of Object.entries(types)) {
  t.test(name, (t) => {
    const echo = selftest[name as Echo]
    for (const value of takes) t.strictSame(echo(value), value === 0 ? 0 : value)
    for (const value of [...refuses, undefined, Symbol('x')]) {
      t.throws(() => echo(value), {
        name: 'TypeError',
        message: `selftest.${name}.args[0]: expected ${expected}`,
      })
    }
    t.end()
  })
}

t.test('a string with NUL would be cut by the kernel', (t) => {
  const message = 'selftest.string.args[0]: expected string without NUL'
  t.throws(() => selftest.string('/etc\0/passwd'), { name: 'TypeError', message })
  t.end()
})

t.test('bytes are a copy, and a view is its own part only', (t) => {
  const whole = Buffer.from('abcdef')
  const copy = selftest.bytes(whole.subarray(2, 4))
  whole.fill(0)
  t.equal(copy.toString(), 'cd')
  t.end()
})

t.test('the first mistake is the one that is told', (t) => {
  const untyped = selftest.run as (...args: unknown[]) => unknown
  t.throws(() => untyped('x', 'y'), { message: /args\[0\]/ })
  t.throws(() => untyped(1, 'y'), { message: /args\[1\]/ })
  t.throws(() => untyped(1), { message: /args\[1\]/ })
  t.end()
})
