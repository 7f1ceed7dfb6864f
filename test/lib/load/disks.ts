// What /proc/diskstats says, as this kernel writes it, and what is none of that.
import t from 'tap'
import { parseDisks, readDisks, sumOf } from '../../../dist/load/disks.js'

await t.test('of this machine', async (t) => {
  const all = await readDisks()
  for (const value of Object.values(all)) t.ok(Number.isInteger(value) && value >= 0)
})

t.test('by name', (t) => {
  const text =
    '   8       0 sda 1 0 3 0 5 0 7 0 0 0 0 0 0 0 0 0 0\n   8       1 cciss/c0d0 1 2 3 4 5 6 7 8 9 10 11\n'
  const found = parseDisks(text)
  const one = { reads: 1, readBytes: 3 * 512, writes: 5, writtenBytes: 7 * 512 }
  t.same(
    [...found],
    [
      ['sda', one],
      ['cciss!c0d0', one],
    ],
  )
  t.match(sumOf(found.values()), { reads: 2, writtenBytes: 14 * 512 })
  t.same(parseDisks('').size, 0)
  t.end()
})

t.test('anything else is told', (t) => {
  for (const text of ['nonsense\n', '8 0 sda 1 2 3\n', '8 0 sda 1 2 3 4 5 6 7 8 9 10 x\n']) {
    t.throws(() => parseDisks(text), { code: 'ERR_UNSUPPORTED', message: /diskstats/ }, text)
  }
  t.end()
})
