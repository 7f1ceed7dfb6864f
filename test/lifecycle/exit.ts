// A process that ends at any stage of the addon's life ends well: as it wanted, and silently.
import { child, clean } from '../helpers/child.js'
import { requires } from '../helpers/requires.js'

const t = requires('liblxc')

// Each is left as it is when the process ends. What is pending may not even have begun.
const stages: Record<string, string> = {
  imported: '',
  loaded: 'load()',
  'asked for features': 'native.features()',
  'library opened': 'native.lxc.version()',
  'handle opened': "globalThis.ct = await native.lxc.open('web1', lxcPath)",
  'handle dropped': "await native.lxc.open('web1', lxcPath)",
  'handle closed': "native.lxc.close(await native.lxc.open('web1', lxcPath))",
  'many handles opened': `
    globalThis.all = await Promise.all(
      Array.from({ length: 50 }, (_, i) => native.lxc.open('ct' + i, lxcPath)))`,
  'slow call pending': "globalThis.opening = native.lxc.open('web1', lxcPath)",
  'many slow calls pending': `
    for (let i = 0; i < 100; i++) void native.lxc.listDefined(lxcPath)`,
  'calls of one container pending': `
    const ct = await native.lxc.open('web1', lxcPath)
    for (let i = 0; i < 50; i++) void native.lxc.state(ct)`,
  'closed while busy': `
    const ct = await native.lxc.open('web1', lxcPath)
    void native.lxc.getConfig(ct, ['lxc.uts.name'])
    native.lxc.close(ct)`,
  'libuv call pending': 'void native.ns.namespaceIds(process.pid)',
  'call failed': "await native.lxc.listDefined('/no/such').catch(() => undefined)",
  'argument refused': 'try { native.lxc.open(1) } catch {}',
  'subscription open': `
    const fd = native.ns.pidfdOpen(process.pid)
    globalThis.watch = native.ns.watchExit(fd, false, () => undefined)`,
  'subscription closed': `
    const fd = native.ns.pidfdOpen(process.pid)
    native.ns.unwatch(native.ns.watchExit(fd, false, () => undefined))`,
  'event on its way': `
    import { spawn } from 'node:child_process'
    const child = spawn('true')
    const fd = native.ns.pidfdOpen(child.pid)
    globalThis.watch = native.ns.watchExit(fd, false, () => undefined)
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50)`,
}

const endings: Record<string, string> = {
  'by itself': '',
  'by process.exit()': 'process.exit(0)',
  'by process.exit() in a callback':
    'native.ns.namespaceIds(process.pid).finally(() => process.exit(0))',
}

t.jobs = 2
for (const [stage, script] of Object.entries(stages)) {
  for (const [ending, last] of Object.entries(endings)) {
    t.test(`${stage}, ends ${ending}`, { buffered: true }, async (t) => {
      t.strictSame(await child(t, `${script}\n${last}`), clean)
    })
  }
}

t.test('a throw has its usual exit code', { buffered: true }, async (t) => {
  const script = `
    globalThis.ct = await native.lxc.open('web1', lxcPath)
    void native.lxc.state(ct)
    throw new Error('on purpose')`
  t.match(await child(t, script), { code: 1, signal: null, stderr: /Error: on purpose/ })
})

t.test('a signal ends it as any process', { buffered: true }, async (t) => {
  const script = `
    globalThis.ct = await native.lxc.open('web1', lxcPath)
    globalThis.watch = native.ns.watchExit(native.ns.pidfdOpen(1), true, () => undefined)
    process.kill(process.pid, 'SIGTERM')
    await sleep(10_000)`
  t.match(await child(t, script), { code: null, signal: 'SIGTERM', stderr: '' })
})

t.test('a pending call keeps it alive, an open handle does not', { buffered: true }, async (t) => {
  const script = `
    const ct = await native.lxc.open('web1', lxcPath)
    native.lxc.state(ct).then((state) => console.log(state))`
  t.strictSame(await child(t, script), { ...clean, stdout: 'STOPPED\n' })
})
