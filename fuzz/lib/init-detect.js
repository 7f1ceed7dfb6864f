// The beginning of a guest's init program, and the path of it.
import { initKindOf, signalsOf } from '../../dist/container/init.js'
import { versionIn } from '../../dist/container/init-detect.js'
import { check, quickly } from './finding.js'

/** @param {Buffer} data */
export function fuzz(data) {
  quickly(data.length, () => {
    const version = versionIn(data)
    check(version === null || Number.isSafeInteger(version), `version ${version}`)
    check(signalsOf(initKindOf(data.toString())).halt.number > 0, 'a signal to halt')
  })
}
