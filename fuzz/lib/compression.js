// How a file is compressed, and what gzip makes of it: broken is said to be broken, by one class.
import { decompress, detectCompression } from '../../dist/image/compression.js'
import { ImageCorruptError } from '../../dist/image/errors.js'
import { check } from './finding.js'

const MOST = 64 * 2 ** 20

/** @param {Buffer} data */
async function* source(data) {
  for (let at = 0; at < data.length; at += 100) yield data.subarray(at, at + 100)
}

/** @param {Buffer} data */
export async function fuzz(data) {
  const compression = detectCompression(data)
  if (compression !== 'gzip' && compression !== 'none') return
  let size = 0
  try {
    for await (const chunk of decompress(source(data), compression, 'file')) {
      size += chunk.length
      if (size > MOST) return
    }
  } catch (error) {
    if (!(error instanceof ImageCorruptError)) throw error
  }
  check(compression === 'gzip' || size === data.length, 'what is not compressed stays as it is')
}
