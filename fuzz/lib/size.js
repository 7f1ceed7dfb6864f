// Words with a meaning: sizes, id maps, names. Nothing but an answer, in linear time.
import { InvalidArgumentError } from '../../dist/host/errors.js'
import {
  containerId,
  groupPath,
  hostname,
  interfaceName,
  line,
  poolName,
} from '../../dist/schema/names.js'
import { parse } from '../../dist/schema/parse.js'
import { parseSize, size } from '../../dist/schema/size.js'
import { idMapEntry } from '../../dist/schema/user.js'
import { hostnameOfId, utsName } from '../../dist/container/hostname.js'
import { check, quickly, unless } from './finding.js'

const schemas = [size, idMapEntry, containerId, groupPath, hostname, interfaceName, line, poolName]

/** @param {Buffer} data */
export function fuzz(data) {
  // As long as a caller may give it, from an input that is short.
  const seed = data.toString()
  for (const text of [seed, seed.replace(/[\s.:/0-9-]/g, (char) => char.repeat(5000))]) {
    quickly(text.length, () => {
      const bytes = parseSize(text)
      check(bytes === null || (Number.isSafeInteger(bytes) && bytes >= 0), 'a size is one')
      for (const schema of schemas) {
        const value = unless(() => parse(schema, text, 'fuzz'), InvalidArgumentError)
        if (value === null) continue
        if (schema === size) check(value === bytes, 'the schema says the same')
        if (schema === hostname) check(utsName('id', text, 'fedora').length <= 63, 'it fits')
        if (schema === containerId) unless(() => parse(hostname, hostnameOfId(text), 'fuzz'))
      }
    })
  }
}
