// What the lxc room refuses at run time: wrong types by name, wrong and closed handles.
import { requires } from '../../helpers/requires.js'
import { load, native } from '#native'

const t = requires('liblxc')
const { lxc } = native
const untyped = lxc as unknown as Record<string, (...args: unknown[]) => unknown>
const container = await lxc.open('nobody', t.testdir())
t.teardown(() => {
  lxc.close(container)
})

const good: Record<string, unknown[]> = {
  hasApiExtension: ['x'],
  isConfigKey: ['x'],
  setLog: [null, 'INFO'],
  listDefined: ['/'],
  listActive: ['/'],
  open: ['x', '/'],
  close: [container],
  isDefined: [container],
  state: [container],
  initPid: [container],
  initPidfd: [container],
  getConfig: [container, []],
  setConfig: [container, []],
  clearConfig: [container, ['x']],
  configKeys: [container, null],
  loadConfig: [container, null],
  saveConfig: [container, null],
  runningConfig: [container, []],
  setCgroup: [container, 'devices.allow', 'c 1:3 rw'],
  freeze: [container],
  unfreeze: [container],
  console: [container, 0],
}
const nullable = new Set(['setLog.0', 'configKeys.1', 'loadConfig.1', 'saveConfig.1'])

t.test('every function of the room is listed here', (t) => {
  t.strictSame(Object.keys(lxc), ['version', ...Object.keys(good)])
  t.end()
})

t.test('each function says which argument is wrong', (t) => {
  for (const [name, args] of Object.entries(good)) {
    for (const i of args.keys()) {
      for (const bad of [undefined, null, Symbol('no'), /x/, 'a\0b', 1.5]) {
        if (bad === null && nullable.has(`${name}.${i}`)) continue
        t.throws(
          () => untyped[name]?.(...args.with(i, bad)),
          { name: 'TypeError', message: new RegExp(`^lxc\\.${name}\\.args\\[${i}\\]: expected `) },
          `${name} with ${String(bad)} as argument ${i}`,
        )
      }
    }
  }
  t.end()
})

t.test('a mistake is named down to the field', (t) => {
  const items = [{ key: 'lxc.uts.name', value: 'x' }, { key: 'lxc.uts.name' }]
  t.throws(() => untyped['setConfig']?.(container, items), {
    message: 'lxc.setConfig.args[1][1].value: expected string',
  })
  t.throws(() => untyped['getConfig']?.(container, ['a', 2]), {
    message: 'lxc.getConfig.args[1][1]: expected string',
  })
  const throwing = {
    get key(): string {
      throw new RangeError('from the getter')
    },
  }
  t.throws(() => untyped['setConfig']?.(container, [throwing]), { message: 'from the getter' })
  t.end()
})

t.test('a handle of another type is refused, and so is a copy of the right one', (t) => {
  const other = native.ns.newStop()
  const expected = { message: 'lxc.state.args[0]: expected handle of type lxc container' }
  t.throws(() => untyped['state']?.(other), expected)
  t.throws(() => untyped['state']?.({ ...container }), expected)
  t.throws(() => untyped['state']?.(Object.create(container)), expected)
  t.end()
})

t.test('a closed handle throws ERR_CLOSED; closing it again is fine', async (t) => {
  const closed = await lxc.open('nobody', t.testdirName)
  lxc.close(closed)
  lxc.close(closed)
  t.throws(() => void lxc.state(closed), {
    name: 'ClosedError',
    code: 'ERR_CLOSED',
    resource: 'lxc container',
  })
})

t.test('errors are of the classes that were handed in', (t) => {
  t.equal(load(), load(), 'loaded once')
  t.throws(() => untyped['state']?.call(null), TypeError)
  t.end()
})
