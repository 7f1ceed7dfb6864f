// Frames from a keeper: what parses is read in every way, and comes back when it is encoded again.
import { decodeResult } from '../../dist/keeper/encode.js'
import { decodeEvent, decodeExit } from '../../dist/keeper/events.js'
import { decodeFrame, encodeFields, Fields, tags } from '../../dist/keeper/protocol.js'
import { check, quickly, unless } from './finding.js'

const names = /** @type {(keyof typeof tags)[]} */ (Object.keys(tags))

/** @param {Buffer} data */
export function fuzz(data) {
  quickly(data.length, () => {
    const frame = unless(() => decodeFrame(data), RangeError)
    if (frame === null) return
    const { fields } = frame
    for (const name of names) {
      const all = fields.all(name)
      check(fields.has(name) === all.length > 0, `has(${name})`)
      check(Number.isFinite(fields.number(name)), `number(${name})`)
      check(fields.texts(name).length === all.length, `texts(${name})`)
      check(fields.bytes(name).equals(all[0] ?? Buffer.alloc(0)), `bytes(${name})`)
    }
    const all = Object.fromEntries(names.map((name) => [name, fields.all(name)]))
    const again = new Fields(encodeFields(all))
    for (const name of names) {
      const before = fields.all(name)
      const same = again.all(name).every((bytes, index) => before[index]?.equals(bytes))
      check(same && again.all(name).length === before.length, `${name} comes back`)
    }
    unless(() => fields.items().map(decodeResult), RangeError)
    decodeResult(fields)
    decodeExit(fields)
    const event = decodeEvent('epoch', fields)
    check(event === null || Number.isFinite(event.seq), 'an event has a number')
  })
}
