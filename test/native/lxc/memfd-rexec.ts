// With LXC_MEMFD_REXEC, loading liblxc would execute the whole program once more.
import t from 'tap'
import { native } from '#native'

process.env['LXC_MEMFD_REXEC'] = '1'
t.match(native.features().lxc, { state: 'missing', reason: /^LXC_MEMFD_REXEC is set/ })
t.throws(() => native.lxc.version(), { code: 'ERR_LIBRARY_MISSING' })
