// Files of entities: refused by one class of error, or read; and when some fields are changed, what is
// written is read as what it was, with all that nobody knows.
import { isDeepStrictEqual } from 'node:util'
import { parseDocument } from 'yaml'
import { ConfigBrokenError } from '../../dist/host/errors.js'
import { ConfigDocument } from '../../dist/pool/config-document.js'
import { containerFile } from '../../dist/schema/container.js'
import { groupFile } from '../../dist/schema/group.js'
import { idRangeFile } from '../../dist/schema/id-range.js'
import { poolFile, poolMarker } from '../../dist/schema/pool.js'
import { userFile } from '../../dist/schema/user.js'
import { check, quickly, unless } from './finding.js'

const schemas = [containerFile, groupFile, idRangeFile, poolFile, poolMarker, userFile]

const patch = {
  hostname: 'fuzz.example',
  cgparams: [{ version: 2, subsystem: 'memory', name: 'memory.max', value: ['4096'] }],
  raw: { lxc: 'lxc.tty.max = 2\n' },
  vpsadminos: { init: 'systemd', systemd_version: 252, pids_limit: undefined },
  init_cmd: undefined,
}

/** @param {Buffer} data */
export function fuzz(data) {
  const text = data.toString()
  quickly(data.length, () => {
    const document = unless(() => ConfigDocument.parse(text, 'file'), ConfigBrokenError)
    if (document === null) return
    for (const schema of schemas) unless(() => document.check(schema), ConfigBrokenError)
    const config = unless(() => document.check(containerFile), ConfigBrokenError)
    if (config === null) return
    const before = parseDocument(text).toJS() ?? {}
    if (unless(() => (document.merge(patch), true), ConfigBrokenError) === null) return
    const changed = document.check(containerFile)
    const written = unless(() => document.toString(), ConfigBrokenError)
    if (written === null) return
    const again = ConfigDocument.parse(written, 'file')
    check(isDeepStrictEqual(again.check(containerFile), changed), 'what is written is read')
    check(changed.hostname === patch.hostname && changed.raw.lxc === patch.raw.lxc, 'the change')
    const after = parseDocument(written).toJS()
    for (const [key, value] of Object.entries(before)) {
      if (key in patch) continue
      check(isDeepStrictEqual(after[key], value), `${key} survives`)
    }
    again.merge(patch)
    check(again.toString() === written, 'a second time changes nothing')
  })
}
