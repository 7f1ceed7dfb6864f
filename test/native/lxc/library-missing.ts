// Without liblxc, importing works, features() says why, and every use fails in the same way.
import t from 'tap'
import { native } from '#native'
import { LibraryMissingError } from '../../../dist/errors.js'

process.env['VPSADMINOS_LIBLXC'] = '/no/such/liblxc.so.1'
const missing = {
  code: 'ERR_LIBRARY_MISSING',
  soname: 'liblxc.so.1',
  reason: /^\/no\/such\/liblxc\.so\.1: cannot open shared object file/,
}

t.match(native.features().lxc, {
  state: 'missing',
  soname: missing.soname,
  reason: missing.reason,
})
t.throws(() => native.lxc.version(), missing)
t.throws(() => native.lxc.hasApiExtension('x'), missing)
t.throws(() => native.lxc.isConfigKey('x'), missing)
t.throws(() => {
  native.lxc.setLog(null, 'INFO')
}, missing)
await t.rejects(native.lxc.open('web1', '/'), missing)
await t.rejects(native.lxc.listDefined('/'), missing)
await t.rejects(native.lxc.listActive('/'), missing)
await t.rejects(native.lxc.open('web1', '/'), LibraryMissingError, 'the exported class')

t.test('what is missing is looked for again', (t) => {
  process.env['VPSADMINOS_LIBLXC'] = '/another/liblxc.so.1'
  t.match(native.features().lxc, { reason: /^\/another/ })
  t.end()
})
