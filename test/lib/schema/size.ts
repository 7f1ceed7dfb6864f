import t from 'tap'
import { parse } from '../../../dist/schema/parse.js'
import { milliseconds, parseSize, size } from '../../../dist/schema/size.js'

t.test('sizes as people write them', async (t) => {
  const cases: [string, number][] = [
    ['0', 0],
    ['4096', 4096],
    ['512 MiB', 512 * 2 ** 20],
    ['512MiB', 512 * 2 ** 20],
    ['2g', 2 * 2 ** 30],
    ['2G', 2 * 2 ** 30],
    ['1.5 GB', 1_500_000_000],
    ['100 kB', 100_000],
    [' 1 t ', 2 ** 40],
  ]
  for (const [text, bytes] of cases) t.equal(parseSize(text), bytes, text)
})

t.test('what is not a size', async (t) => {
  for (const text of ['', 'x', '-1', '1 mib extra', '1e3', '12 parsecs', 'NaN', '99999999t']) {
    t.equal(parseSize(text), null, JSON.stringify(text))
  }
})

t.test('a size in an input is an error that says so', async (t) => {
  t.equal(parse(size, '1k', 'x'), 1024)
  for (const bad of [-1, NaN, Infinity, 1.5, '', '-5m', {}, [], null, true]) {
    t.throws(() => parse(size, bad, 'limit'), {
      code: 'ERR_INVALID_ARGUMENT',
      argument: 'limit',
    })
  }
})

t.test('milliseconds wait for ever but not beyond what timers take', async (t) => {
  t.equal(parse(milliseconds, Infinity, 'timeout'), Infinity)
  t.equal(parse(milliseconds, 0, 'timeout'), 0)
  for (const bad of [-1, NaN, 2 ** 31, '5']) {
    t.throws(() => parse(milliseconds, bad, 'timeout'), { code: 'ERR_INVALID_ARGUMENT' })
  }
})
