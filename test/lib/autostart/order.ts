// Who is started after whom.
import t from 'tap'
import { startOrder, type Wish } from '../../../dist/autostart/order.js'
import { upTo } from '../../helpers/time.js'

const wish = (id: string, more: Partial<Wish> = {}): Wish => ({
  id,
  priority: 1000,
  after: [],
  requires: [],
  ...more,
})
const ids = (all: readonly Wish[]) => all.map(({ id }) => id).join(' ')

t.test('by priority, and then by name', async (t) => {
  const all = [wish('c'), wish('b'), wish('late', { priority: 2000 }), wish('a', { priority: 0 })]
  t.equal(ids(startOrder(all)), 'a b c late')
  t.match(startOrder(all)[0], { circle: null })
})

t.test('what is waited for stays, whether it is among them or not', async (t) => {
  const [first] = startOrder([
    wish('web', { after: ['db', 'nobody'], requires: ['db'] }),
    wish('zdb'),
  ])
  t.match(first, { after: ['db', 'nobody'], requires: ['db'], circle: null })
})

t.test('who waits for itself waits for nobody who waits for it', async (t) => {
  const all = [
    wish('a', { after: ['b', 'free'] }),
    wish('b', { requires: ['c'] }),
    wish('c', { after: ['a'] }),
    wish('behind', { after: ['a'] }),
    wish('self', { after: ['self'] }),
    wish('free'),
  ]
  const found = new Map(startOrder(all).map((one) => [one.id, one]))
  t.match(found.get('a'), { after: ['free'], circle: ['a', 'b', 'c', 'a'] })
  t.match(found.get('b'), { requires: [], circle: ['b', 'c', 'a', 'b'] })
  t.match(found.get('behind'), { after: ['a'], circle: null })
  t.match(found.get('self'), { after: [], circle: ['self', 'self'] })
})

t.test('thousands of them are no matter', async (t) => {
  const many = Array.from({ length: 5000 }, (_, i) =>
    wish(`ct${i}`, { after: i === 0 ? [] : [`ct${i - 1}`], priority: i % 7 }),
  )
  const begin = performance.now()
  const ordered = startOrder(many.reverse())
  t.equal(ordered.length, 5000)
  t.ok(ordered.every(({ circle }) => circle === null))
  t.ok(performance.now() - begin < upTo(5000), `${performance.now() - begin} ms`)
})
