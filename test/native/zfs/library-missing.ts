// Without libzfs_core, importing works, features() says why, and every use fails in the same way.
import t from 'tap'
import { native } from '#native'
import { LibraryMissingError } from '../../../dist/errors.js'

process.env['VPSADMINOS_LIBZFS_CORE'] = '/no/such/libzfs_core.so.3'
const missing = {
  code: 'ERR_LIBRARY_MISSING',
  soname: 'libzfs_core.so.3',
  reason: /^\/no\/such\/libzfs_core\.so\.3: cannot open shared object file/,
}

t.match(native.features().zfsCore, { state: 'missing', reason: missing.reason })
await t.rejects(native.zfs.exists('tank'), missing)
await t.rejects(native.zfs.exists('tank'), LibraryMissingError, 'the exported class')
await t.rejects(native.zfs.snapshot(['tank@a'], []), missing)
await t.rejects(
  native.zfs.runProgram('tank', 'return 1', [], false, { instructions: 1n, memory: 1n }),
  missing,
)
