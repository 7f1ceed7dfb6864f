// The file of an id-range, whose list of allocations is written as text after whatever else is there.
import { isDeepStrictEqual } from 'node:util'
import { ConfigBrokenError } from '../../dist/host/errors.js'
import { AllocationTable } from '../../dist/id-range/allocation-table.js'
import { headOf, listOf } from '../../dist/id-range/table-file.js'
import { ConfigDocument } from '../../dist/pool/config-document.js'
import { idRangeFile } from '../../dist/schema/id-range.js'
import { check, quickly, unless } from './finding.js'

/** @param {Buffer} data */
export function fuzz(data) {
  const text = data.toString()
  quickly(data.length, () => {
    /** @param {string} content */
    const read = (content) => ConfigDocument.parse(content, 'file').check(idRangeFile)
    const config = unless(() => read(text), ConfigBrokenError)
    if (config === null) return
    const allocations = config.allocations.map(({ index, count, owner }) => ({
      blockIndex: index,
      blockCount: count,
      owner: owner ?? null,
    }))
    const table = unless(() => new AllocationTable(config.block_count, allocations), RangeError)
    table?.firstFit(1, () => false)
    for (const list of [allocations, [], [{ blockIndex: 0, blockCount: 1, owner: 'user:a' }]]) {
      const head = unless(() => headOf(text, 'file'), ConfigBrokenError)
      if (head === null) return
      const written = read(head + listOf(list))
      const listed = written.allocations
      const others = { ...written, allocations: undefined }
      check(listed.length === list.length, 'the list')
      check(
        listed.every((one, at) => one.owner === (list[at]?.owner ?? null)),
        'the owners',
      )
      const before = { ...config, allocations: undefined }
      check(isDeepStrictEqual(others, before), 'the other fields')
    }
  })
}
