// A liblxc from before 5.0 is refused: its struct ends before what we call.
import { native } from '#native'
import { fakeLibrary } from '../../helpers/fake-library.js'
import { requires } from '../../helpers/requires.js'

const t = requires('c++')
process.env['VPSADMINOS_LIBLXC'] = fakeLibrary(t, 'lxc', '-DVERSION="4.0.12"')

t.match(native.features().lxc, { state: 'missing', reason: 'version 4.0.12 is older than 5.0' })
await t.rejects(native.lxc.open('web1', '/'), { code: 'ERR_LIBRARY_MISSING' })
