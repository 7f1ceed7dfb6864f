// The library is in order and refuses: a typed error for each verb, with the library's own words.
import { native } from '#native'
import { LxcError } from '../../../dist/lxc/index.js'
import { fakeLibrary } from '../../helpers/fake-library.js'
import { requires } from '../../helpers/requires.js'

const t = requires('c++')
const { lxc } = native
const path = fakeLibrary(t, 'lxc')
process.env['VPSADMINOS_LIBLXC'] = path

t.match(native.features().lxc, {
  state: 'loaded',
  version: '6.0.0',
  path,
  optional: ['lxc_log_fd', 'lxc_log_use_global_fd', 'set_timeout'],
})

const container = await lxc.open('web1', '/lxc')
t.teardown(() => {
  lxc.close(container)
})

const refusals: [code: string, object: string, call: () => Promise<unknown>][] = [
  ['ERR_LXC_STATE', '', () => lxc.state(container)],
  ['ERR_LXC_INIT_PIDFD', '', () => lxc.initPidfd(container)],
  ['ERR_LXC_SET_CONFIG', 'a', () => lxc.setConfig(container, [{ key: 'a', value: 'b' }])],
  ['ERR_LXC_CLEAR_CONFIG', 'a', () => lxc.clearConfig(container, ['a'])],
  ['ERR_LXC_CONFIG_KEYS', 'lxc.net', () => lxc.configKeys(container, 'lxc.net')],
  ['ERR_LXC_LOAD_CONFIG', '/x', () => lxc.loadConfig(container, '/x')],
  ['ERR_LXC_SAVE_CONFIG', '', () => lxc.saveConfig(container, null)],
  ['ERR_LXC_SET_CGROUP', 'a', () => lxc.setCgroup(container, 'a', 'b')],
  ['ERR_LXC_FREEZE', '', () => lxc.freeze(container)],
  ['ERR_LXC_UNFREEZE', '', () => lxc.unfreeze(container)],
  ['ERR_LXC_CONSOLE', '', () => lxc.console(container, 0)],
]
for (const [code, object, call] of refusals) {
  await t.rejects(call(), { name: 'LxcError', code, container: 'web1', object })
}
await t.rejects(lxc.listDefined('/lxc'), { code: 'ERR_LXC_LIST', container: '', object: '/lxc' })
await t.rejects(lxc.open('refused', '/lxc'), {
  code: 'ERR_LXC_OPEN',
  message: "lxc open: container 'refused': no such luck",
})

t.test('the answers that mean nothing', async (t) => {
  t.equal(await lxc.isDefined(container), false)
  t.equal(await lxc.initPid(container), null)
  t.strictSame(await lxc.getConfig(container, ['a', 'b']), [null, null])
  t.strictSame(await lxc.runningConfig(container, ['a']), [null])
  await lxc.clearConfig(container, [])
})

t.test('a failure carries what was logged about it, and nothing about others', async (t) => {
  const error: unknown = await lxc.freeze(container).catch((reason: unknown) => reason)
  if (!(error instanceof LxcError)) throw error
  t.equal(error.message, "lxc freeze: container 'web1': too warm; without a name")
  t.strictSame(
    error.log.map((line) => line.split(' - ')[2]),
    ['freezing', 'too warm', 'without a name'],
  )
})

t.test('the log in memory does not grow', async (t) => {
  for (let i = 0; i < 1500; i++) await lxc.freeze(container).catch(() => undefined)
  const error: unknown = await lxc.freeze(container).catch((reason: unknown) => reason)
  t.equal(error instanceof LxcError && error.log.length, 3)
})
