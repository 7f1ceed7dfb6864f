// console.log() of a handle prints what show() tells of it, and not what it is made of.

import { inspect, type InspectOptions } from 'node:util'
import { Container } from './container/container.js'
import { Group } from './group/group.js'
import { IdRange } from './id-range/id-range.js'
import { Pool } from './pool/pool.js'
import { User } from './user/user.js'

for (const handle of [Container, Group, IdRange, Pool, User]) {
  Object.defineProperty(handle.prototype, inspect.custom, {
    value(this: { show: () => object }, _depth: number, options: InspectOptions): string {
      try {
        return `${handle.name} ${inspect(this.show(), options)}`
      } catch (error) {
        // It was deleted.
        return `${handle.name} (${error instanceof Error ? error.message : String(error)})`
      }
    },
  })
}
