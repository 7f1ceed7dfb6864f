// Configuration through liblxc itself: what is read, set, kept in memory and written.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  LxcContainer,
  lxcHasApiExtension,
  lxcIsConfigKey,
  lxcVersion,
  listActiveLxc,
  listDefinedLxc,
} from '../../../dist/lxc/index.js'
import { requires } from '../../helpers/requires.js'

const t = requires('liblxc')
const path = t.testdir({
  web1: { config: 'lxc.uts.name = web1\nlxc.tty.max = 4\n' },
  web2: { config: '' },
})

t.test('the library', async (t) => {
  t.match(lxcVersion(), /^\d+\.\d+\.\d+/)
  t.equal(lxcHasApiExtension('idmapped_mounts_v2'), true)
  t.equal(lxcHasApiExtension('no_such_extension'), false)
  t.equal(lxcIsConfigKey('lxc.uts.name'), true)
  t.equal(lxcIsConfigKey('lxc.no.such.key'), false)
  t.strictSame(await listDefinedLxc(path), ['web1', 'web2'])
  t.strictSame(await listActiveLxc(path), [])
  await t.rejects(listDefinedLxc(join(path, 'none')), {
    code: 'ERR_LXC_LIST',
    message: /^lxc list: .*\/none: No such file or directory - /,
  })
})

t.test('reads the file when it is opened', async (t) => {
  await using ct = await LxcContainer.open('web1', path)
  t.equal(await ct.isDefined(), true)
  t.equal(await ct.getConfig('lxc.uts.name'), 'web1')
  t.equal(await ct.getConfig('lxc.tty.max'), '4')
  t.equal(await ct.getConfig('lxc.no.such.key'), null)
  t.equal(await ct.state(), 'STOPPED')
  t.equal(await ct.initPid(), null)
})

t.test('sets in memory, writes when told', async (t) => {
  await using ct = await LxcContainer.open('web1', path)
  await ct.setConfig([
    { key: 'lxc.tty.max', value: '7' },
    { key: 'lxc.environment', value: 'A=ä b' },
    { key: 'lxc.environment', value: 'B=2' },
  ])
  t.equal(await ct.getConfig('lxc.environment'), 'A=ä b\nB=2\n', 'a list is a line each')
  t.match(readFileSync(join(path, 'web1/config'), 'utf8'), /tty.max = 4/)
  await ct.saveConfig()
  t.match(readFileSync(join(path, 'web1/config'), 'utf8'), /lxc.tty.max = 7/)
  await ct.clearConfig(['lxc.environment'])
  t.equal(await ct.getConfig('lxc.environment'), '')
  await ct.saveConfig(join(path, 'copy'))
  await ct.clearConfig(null)
  t.not(await ct.getConfig('lxc.tty.max'), '7')
  await ct.loadConfig(join(path, 'copy'))
  t.equal(await ct.getConfig('lxc.tty.max'), '7')
  t.ok((await ct.configKeys()).includes('lxc.uts.name'))
})

t.test('a value longer than any buffer', async (t) => {
  await using ct = await LxcContainer.open('web2', path)
  const value = `X=${'y'.repeat(100_000)}`
  await ct.setConfig([{ key: 'lxc.environment', value }])
  t.ok((await ct.getConfig('lxc.environment'))?.trim() === value)
})

t.test('what liblxc refuses', async (t) => {
  await using ct = await LxcContainer.open('web1', path)
  await t.rejects(ct.setConfig([{ key: 'lxc.no.such.key', value: '1' }]), {
    code: 'ERR_LXC_SET_CONFIG',
    container: 'web1',
    object: 'lxc.no.such.key',
    message: /Unsupported config key "lxc.no.such.key"/,
  })
  await t.rejects(ct.loadConfig(join(path, 'none')), { code: 'ERR_LXC_LOAD_CONFIG' })
  await t.rejects(ct.saveConfig(join(path, 'no/such/dir')), { code: 'ERR_LXC_SAVE_CONFIG' })
  await t.rejects(ct.clearConfig(['lxc.no.such.key']), { code: 'ERR_LXC_CLEAR_CONFIG' })
})

t.test('what needs a running container', async (t) => {
  await using ct = await LxcContainer.open('web1', path)
  await t.rejects(ct.initPidfd(), { code: 'ERR_LXC_INIT_PIDFD' })
  await t.rejects(ct.freeze(), { code: 'ERR_LXC_FREEZE', log: [/ERROR/] })
  await t.rejects(ct.console(0), { code: 'ERR_LXC_CONSOLE' })
  t.strictSame(await ct.runningConfig(['lxc.uts.name']), [null])
})

t.test('names that lead elsewhere are refused before liblxc sees them', async (t) => {
  for (const name of ['', '.', '..', '../web1', 'a/b', '/etc']) {
    await t.rejects(LxcContainer.open(name, path), { name: 'TypeError' }, name)
  }
  await t.rejects(LxcContainer.open('a\0b', path), { name: 'TypeError' })
})

t.test('a container that does not exist can be opened, and leaves nothing', async (t) => {
  {
    await using ct = await LxcContainer.open('nobody', path)
    t.equal(await ct.isDefined(), false)
  }
  t.notOk(existsSync(join(path, 'nobody')))
})

t.test('closed', async (t) => {
  const ct = await LxcContainer.open('web1', path)
  const busy = ct.getConfig('lxc.uts.name')
  await ct.close()
  await ct.close()
  t.equal(await busy, 'web1', 'what was under way ends')
  const expected = { code: 'ERR_CLOSED', resource: "lxc container 'web1'" }
  await t.rejects(ct.state(), expected)
  await t.rejects(ct.setConfig([]), expected)
})

t.test('aborted before: nothing is asked; aborted meanwhile: nobody waits', async (t) => {
  const reason = new Error('enough')
  const before = { signal: AbortSignal.abort(reason) }
  await t.rejects(LxcContainer.open('web1', path, before), reason)
  await using ct = await LxcContainer.open('web1', path)
  await t.rejects(ct.state(before), reason)

  const controller = new AbortController()
  const state = ct.state({ signal: controller.signal })
  const opening = LxcContainer.open('web1', path, { signal: controller.signal })
  controller.abort(reason)
  await t.rejects(state, reason)
  await t.rejects(opening, reason)
  t.equal(await ct.state(), 'STOPPED', 'and it goes on')
})
