// What is said to be wrong after a cut of the power: nothing that may be, and all that must not.
import t from 'tap'
import { wrongs, type Change, type Contents, type Found, type Said } from '../changes.js'

const set = (id: string, memoryLimit: number): Change => ({ what: 'set', id, memoryLimit })
const contents = (limits: Readonly<Record<string, number>>, received: string[] = []): Contents => ({
  received,
  containers: Object.entries(limits).map(([id, memoryLimit]) => ({
    ...{ id, memoryLimit },
    ...{ hostname: id, snapshots: [] },
  })),
})
const found = (limits: Readonly<Record<string, number>>, more: Partial<Found> = {}): Found => ({
  ...contents(limits),
  ...{ broken: [], leftovers: [], damage: [] },
  ...more,
})
const begin = (change: Change): Said => ({ type: 'begin', change })
const done = (change: Change): Said => ({ type: 'done', change })

const before = contents({ a1: 1, b1: 1 })
const lines = [
  begin(set('a1', 2)),
  begin(set('b1', 2)),
  done(set('a1', 2)),
  begin(set('a1', 3)),
  done(set('a1', 3)),
  begin(set('a1', 4)),
]

t.test('what was done must be there, what was under way may be', (t) => {
  for (const a1 of [2, 3, 4]) {
    for (const b1 of [1, 2]) t.same(wrongs(before, lines, 3, found({ a1, b1 })), [], `${a1} ${b1}`)
  }
  for (const limits of [{ a1: 1, b1: 1 }, { a1: 5, b1: 1 }, { a1: 2, b1: 3 }, { a1: 2 }]) {
    t.equal(wrongs(before, lines, 3, found(limits)).length, 1, JSON.stringify(limits))
  }
  t.equal(wrongs(before, lines, 5, found({ a1: 2, b1: 1 })).length, 1, 'more was heard')
  t.equal(wrongs(before, lines, 3, found({ a1: 2, b1: 1, c1: 1 })).length, 1, 'nobody made it')
  t.equal(
    wrongs(before, lines, 3, found({ a1: 2, b1: 1 }, { received: ['a9 is a part'] })).length,
    1,
  )
  t.end()
})

t.test('what the pool says of itself', (t) => {
  const bad = { broken: ['x.yml'], leftovers: ['mount /x'], damage: ['pool is degraded'] }
  t.same(wrongs(before, [], 0, found({ a1: 1, b1: 1 }, bad)), [
    'pool is degraded',
    'x.yml is broken',
    'mount /x is left',
  ])
  t.end()
})

t.test('nothing that is begun later without what was before', (t) => {
  const said = [
    begin({ what: 'create', id: 'a2' }),
    done({ what: 'create', id: 'a2' }),
    begin({ what: 'delete', id: 'a1' }),
    done({ what: 'delete', id: 'a1' }),
    begin({ what: 'prune' }),
  ]
  const both = { ...contents({ a1: 1 }), ...found({}) }
  t.same(wrongs(contents({ a1: 1 }), said, 0, found({ a1: 1 })), [])
  t.equal(wrongs(contents({ a1: 1 }), said, 0, both).length, 1, 'deleted, and the other not made')
  t.end()
})

t.test('thousands may be under way', (t) => {
  const many = Array.from({ length: 2000 }, (_, index) => set('a1', index + 10))
  const said = many.flatMap((change) => [begin(change), done(change)])
  t.same(wrongs(before, said, 0, found({ a1: 1500, b1: 1 })), [])
  t.equal(wrongs(before, said, 0, found({ a1: 9, b1: 1 })).length, 1)
  t.end()
})
