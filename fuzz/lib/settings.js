// What callers give, as JSON: refused by one class of error, or taken, and then it can be written as JSON.
import { isDeepStrictEqual } from 'node:util'
import { InvalidArgumentError } from '../../dist/host/errors.js'
import { createOptions } from '../../dist/schema/container.js'
import { createGroupOptions } from '../../dist/schema/group.js'
import { hostOptions } from '../../dist/schema/host.js'
import { allocateOptions, createIdRangeOptions } from '../../dist/schema/id-range.js'
import { parse } from '../../dist/schema/parse.js'
import { installOptions } from '../../dist/schema/pool.js'
import { createUserOptions } from '../../dist/schema/user.js'
import { check, quickly, unless } from './finding.js'

const schemas = [
  createOptions,
  createGroupOptions,
  createUserOptions,
  createIdRangeOptions,
  allocateOptions,
  hostOptions,
  installOptions,
]

/** @param {Buffer} data */
export function fuzz(data) {
  const given = unless(() => JSON.parse(data.toString()), SyntaxError)
  quickly(data.length, () => {
    for (const schema of schemas) {
      const once = unless(() => parse(schema, given, 'fuzz'), InvalidArgumentError)
      if (once === null) continue
      const again = JSON.parse(JSON.stringify(once))
      check(isDeepStrictEqual(again, once), `${JSON.stringify(once)} holds what it should`)
    }
  })
}
