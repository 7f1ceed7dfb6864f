import t from 'tap'
import { AllocationTable } from '../../../dist/id-range/allocation-table.js'

const block = (blockIndex: number, blockCount = 1, owner: string | null = null) => ({
  blockIndex,
  blockCount,
  owner,
})

t.test('first fit finds the first run that is long enough', async (t) => {
  const table = new AllocationTable(10, [block(0), block(2), block(5, 2)])
  t.equal(table.firstFit(1), 1)
  t.equal(table.firstFit(2), 3)
  t.equal(table.firstFit(3), 7)
  t.equal(table.firstFit(4), null)
  t.equal(
    table.firstFit(1, (index) => index > 3),
    4,
    'and asks whether it may be that one',
  )
})

t.test('a block is taken once', async (t) => {
  const table = new AllocationTable(4)
  t.ok(table.take(block(1, 2)))
  for (const taken of [block(1), block(2), block(0, 2), block(2, 2), block(0, 4)]) {
    t.notOk(table.take(taken), JSON.stringify(taken))
  }
  for (const outside of [block(4), block(3, 2), block(-1), block(0, 0)]) {
    t.notOk(table.take(outside), JSON.stringify(outside))
  }
  t.ok(table.take(block(0)))
  t.ok(table.take(block(3)))
  t.equal(table.allocated, 4)
  t.equal(table.firstFit(1), null)
})

t.test('blocks are given back by index or by owner', async (t) => {
  const table = new AllocationTable(8, [block(0, 2, 'a'), block(3, 1, 'b'), block(5, 1, 'a')])
  t.same(table.free({ owner: 'a' }), [block(0, 2, 'a'), block(5, 1, 'a')])
  t.same(table.free({ blockIndex: 3 }), [block(3, 1, 'b')])
  t.same(table.free({ blockIndex: 3 }), [])
  t.equal(table.allocated, 0)
})

t.test('the table shows free runs, too', async (t) => {
  const table = new AllocationTable(6, [block(1, 2, 'a')])
  t.same(
    [...table.runs()],
    [
      { type: 'free', ...block(0) },
      { type: 'allocated', ...block(1, 2, 'a') },
      { type: 'free', ...block(3, 3) },
    ],
  )
})

t.test('a table that contradicts itself is refused', async (t) => {
  t.throws(() => new AllocationTable(4, [block(0, 2), block(1)]), RangeError)
  t.throws(() => new AllocationTable(4, [block(3, 2)]), RangeError)
})

t.test('random allocations agree with a plain list of blocks', async (t) => {
  let seed = 7
  const random = (below: number) => (seed = (seed * 1103515245 + 12345) % 2 ** 31) % below
  const table = new AllocationTable(50)
  const blocks = Array<boolean>(50).fill(false)
  for (let step = 0; step < 2000; step++) {
    const [index, count] = [random(50), 1 + random(4)]
    if (random(3) === 0) {
      for (const freed of table.free({ blockIndex: index })) {
        blocks.fill(false, freed.blockIndex, freed.blockIndex + freed.blockCount)
      }
    } else {
      const free = index + count <= 50 && !blocks.slice(index, index + count).includes(true)
      if (table.take(block(index, count)) !== free) t.fail(`step ${step}`)
      if (free) blocks.fill(true, index, index + count)
    }
  }
  t.equal(table.allocated, blocks.filter(Boolean).length)
})
