import t from 'tap'
import { clampPrlimits, prlimitBounds } from '../../../dist/container/prlimit-clamp.js'

const LIMITS = `Limit                     Soft Limit           Hard Limit           Units
Max open files            1024                 20000                files
Max stack size            8388608              unlimited            bytes
`

t.test('without CAP_SYS_RESOURCE a hard limit ends at the own one, and that is told', async (t) => {
  const bounds = prlimitBounds(LIMITS, 'CapEff:\t000001fffeffffff\n', 1048576)
  t.same(bounds, { nofile: 20000 })
  const wanted = {
    nofile: { soft: 1024, hard: 1048576 },
    stack: { soft: 1, hard: 'unlimited' as const },
  }
  t.same(clampPrlimits(wanted, bounds), {
    prlimits: { nofile: { soft: 1024, hard: 20000 }, stack: { soft: 1, hard: 'unlimited' } },
    clamped: [{ name: 'nofile', wanted: 1048576, applied: 20000 }],
  })
})

t.test('a soft limit comes down with the hard one', async (t) => {
  const unlimited = { soft: 'unlimited' as const, hard: 'unlimited' as const }
  const { prlimits } = clampPrlimits({ nofile: unlimited }, { nofile: 5 })
  t.same(prlimits, { nofile: { soft: 5, hard: 5 } })
})

t.test('with the capability only fs.nr_open is left', async (t) => {
  const bounds = prlimitBounds(LIMITS, 'CapEff:\t000001ffffffffff\n', 1048576)
  t.same(bounds, { nofile: 1048576 })
})
