// A liblxc that lacks a function we need is as good as none.
import { native } from '#native'
import { fakeLibrary } from '../../helpers/fake-library.js'
import { requires } from '../../helpers/requires.js'

const t = requires('c++')
const library = fakeLibrary(t, 'lxc', '-DWITHOUT_NEW')
process.env['VPSADMINOS_LIBLXC'] = library

t.strictSame(native.features().lxc, {
  state: 'missing',
  soname: 'liblxc.so.1',
  reason: `symbol 'lxc_container_new' is missing in ${library}`,
})
t.throws(() => native.lxc.version(), { code: 'ERR_LIBRARY_MISSING' })
