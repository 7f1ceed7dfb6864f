// The attributes of a container: in its file alone, so that they can be set whatever else is done to it.

import { Attributes } from '../attribute/attributes.js'
import type { ContainerRecord } from './record.js'

export function attributesOf(record: ContainerRecord): Attributes {
  return new Attributes({
    attrs: () => {
      record.assertPresent()
      return record.config.attrs
    },
    begin: (options) => record.besideInPool('set', options),
    lock: async (op) => {
      await record.lockSettings(op)
      record.assertPresent()
    },
    write: async (patch) => {
      record.config = await record.file.update(patch)
      record.changed(['attributes'])
    },
  })
}
