// Bytes that are said to be an archive: the same is found however they are cut into chunks.
import { TarFaultError, TarScan } from '../../dist/image/tar-scan.js'
import { TreeRules } from '../../dist/image/tree-rules.js'
import { check, quickly } from './finding.js'

/**
 * @param {Buffer} data
 * @param {number} chunk
 */
function scan(data, chunk) {
  /** @type {unknown[]} */
  const found = []
  const rules = new TreeRules()
  const scanning = new TarScan((entry) => {
    const refused = rules.add(entry)
    found.push({ ...entry, refused })
    const parts = entry.name.split('/')
    check(refused !== null || !parts.includes('..'), 'nothing is above the root')
  })
  try {
    for (let at = 0; at < data.length; at += chunk) scanning.push(data.subarray(at, at + chunk))
    scanning.end()
  } catch (error) {
    if (!(error instanceof TarFaultError)) throw error
    found.push(error.fault)
  }
  return JSON.stringify(found)
}

/** @param {Buffer} data */
export function fuzz(data) {
  const whole = quickly(data.length, () => scan(data, Math.max(data.length, 1)))
  check(scan(data, 512) === whole, 'in blocks')
  check(scan(data, 97) === whole, 'in other chunks')
}
