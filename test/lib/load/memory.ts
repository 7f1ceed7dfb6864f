// What /proc/meminfo says, as this kernel writes it, and what is none of that.
import { totalmem } from 'node:os'
import t from 'tap'
import { parseMemory, readMemory } from '../../../dist/load/memory.js'

const TEXT = [
  'MemTotal:        1000 kB',
  'MemFree:          400 kB',
  'MemAvailable:     500 kB',
  'Buffers:           10 kB',
  'Cached:            90 kB',
  'SwapCached:         0 kB',
  'SwapTotal:        200 kB',
  'SwapFree:         150 kB',
  'SReclaimable:      50 kB',
  'HugePages_Total:       0',
  '',
].join('\n')

await t.test('of this machine', async (t) => {
  const memory = await readMemory()
  t.equal(memory.total, totalmem())
  t.ok(memory.used > 0 && memory.free > 0)
  const { total, used, free, buffers, cached } = memory
  t.equal(used + free + buffers + cached, total)
})

t.test('in bytes', (t) => {
  t.same(parseMemory(TEXT), {
    total: 1000 * 1024,
    used: 450 * 1024,
    free: 400 * 1024,
    buffers: 10 * 1024,
    cached: 140 * 1024,
    swapTotal: 200 * 1024,
    swapUsed: 50 * 1024,
    swapFree: 150 * 1024,
  })
  t.end()
})

t.test('anything else is told', (t) => {
  for (const [from, to] of [
    ['MemFree:', 'Free:'],
    ['400 kB', '400 MB'],
    ['400 kB', '-400 kB'],
    ['400 kB', '400'],
    ['400 kB', `${'9'.repeat(30)} kB`],
  ] as const) {
    t.throws(() => parseMemory(TEXT.replace(from, to)), {
      code: 'ERR_UNSUPPORTED',
      message: /\/proc\/meminfo: MemFree/,
    })
  }
  t.throws(() => parseMemory(''), { code: 'ERR_UNSUPPORTED' })
  t.end()
})
