// Steps on an allocation table, and the same ones on a plain array of blocks.
import { AllocationTable } from '../../dist/id-range/allocation-table.js'
import { check, Input } from './finding.js'

/** @param {Buffer} data */
export function fuzz(data) {
  const input = new Input(data)
  const size = input.byte() + 1
  const table = new AllocationTable(size)
  /** @type {(number | null)[]} which allocation a block is of: the index of its first one */
  const blocks = Array.from({ length: size }, () => null)
  while (!input.empty) {
    const step = input.byte() % 3
    const index = input.byte()
    const count = input.byte() % 32
    const wanted = Array.from({ length: count }, (_, each) => index + each)
    const isFree = count > 0 && wanted.every((block) => blocks[block] === null)
    if (step === 0) {
      const owner = `o${index}`
      check(table.take({ blockIndex: index, blockCount: count, owner }) === isFree, 'take')
      if (isFree) for (const block of wanted) blocks[block] = index
    } else if (step === 1) {
      const freed = table.free(count % 2 === 0 ? { blockIndex: index } : { owner: `o${index}` })
      check(freed.length === Number(blocks.includes(index)), 'free')
      blocks.forEach((of, block) => (blocks[block] = of === index ? null : of))
    } else {
      const length = count + 1
      const run = Array.from({ length }, () => null)
      const fits = blocks.findIndex((_, at) => {
        const found = blocks.slice(at, at + length)
        return found.length === length && found.every((of, each) => of === run[each])
      })
      check(table.firstFit(length) === (fits === -1 ? null : fits), 'firstFit')
    }
    const runs = [...table.runs()]
    check(runs.reduce((sum, run) => sum + run.blockCount, 0) === size, 'all blocks are in a run')
    check(table.allocated === blocks.filter((of) => of !== null).length, 'allocated')
  }
  const again = new AllocationTable(size, table.allocations)
  check(JSON.stringify([...again.runs()]) === JSON.stringify([...table.runs()]), 'read again')
}
