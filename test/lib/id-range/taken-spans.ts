// Spans that have some of the ids of another one: the same are found as by a look at all.
import t from 'tap'
import { endOf, TakenSpans } from '../../../lib/id-range/taken-spans.js'
import type { IdSpan } from '../../../lib/user/id-map.js'
import { seeded } from '../../helpers/seeded.js'

t.test('all that have some of them', async (t) => {
  const below = seeded(t)
  const some = (many: number, long: number) =>
    Array.from({ length: many }, () => ({ start: below(1000), count: 1 + below(long) }))
  // Short ones, and long ones among them.
  const spans = [...some(200, 10), ...some(5, 500)]
  const taken = new TakenSpans(spans)
  const inOrder = (list: readonly IdSpan[]) =>
    [...list].sort((a, b) => a.start - b.start || a.count - b.count)
  for (const span of some(500, 50)) {
    const all = spans.filter((one) => one.start < endOf(span) && span.start < endOf(one))
    t.same(inOrder(taken.allOverlapping(span)), inOrder(all))
  }
  t.same(new TakenSpans([]).allOverlapping({ start: 0, count: 10 }), [])
})
