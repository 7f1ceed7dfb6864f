// Records of a pax header: well-formed ones can be written again, and are the same then.
import { decodePax } from '../../dist/image/pax.js'
import { check, quickly } from './finding.js'

/** @param {Buffer} data */
export function fuzz(data) {
  const records = quickly(data.length, () => decodePax(data))
  if (records === null) return
  let size = 0
  for (const [key, value] of records) {
    check(!key.includes('='), 'a key ends where its value begins')
    size += key.length + value.length
  }
  check(size <= data.length, 'nothing is made up')
  const lines = [...records].map(([key, value]) => {
    const rest = Buffer.concat([Buffer.from(` ${key}=`, 'latin1'), value, Buffer.from('\n')])
    let length = rest.length
    while (`${length}`.length + rest.length !== length) length = `${length}`.length + rest.length
    return Buffer.concat([Buffer.from(`${length}`), rest])
  })
  const again = decodePax(Buffer.concat(lines))
  check(again !== null, 'it can be written again')
  for (const [key, value] of records) check(again.get(key)?.equals(value), key)
}
