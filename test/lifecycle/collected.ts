// A handle that is collected while it is open closes itself and says so; a closed one is silent.
import { child, clean } from '../helpers/child.js'
import { requires } from '../helpers/requires.js'

const t = requires('liblxc')

const gc = `
  const collect = async () => {
    for (let i = 0; i < 10; i++) { globalThis.gc(); await sleep(1) }
  }
  process.on('warning', ({ name, code, message }) => { console.log(name, code, message) })
`

t.test('open', async (t) => {
  const script = `${gc}
    await native.lxc.open('web1', lxcPath)
    await collect()`
  const stdout =
    'Warning VPSADMINOS_UNCLOSED Closing a lxc container on garbage collection: ' +
    'close it, or declare it with `await using`\n'
  t.strictSame(await child(t, script, '--expose-gc', '--no-warnings'), { ...clean, stdout })
})

t.test('closed', async (t) => {
  const script = `${gc}
    native.lxc.close(await native.lxc.open('web1', lxcPath))
    await collect()`
  t.strictSame(await child(t, script, '--expose-gc', '--no-warnings'), clean)
})

t.test('in use by a call', async (t) => {
  const script = `${gc}
    const states = []
    {
      const ct = await native.lxc.open('web1', lxcPath)
      for (let i = 0; i < 100; i++) states.push(native.lxc.state(ct))
    }
    await collect()
    console.log(new Set(await Promise.all(states)))`
  const { stdout, ...rest } = await child(t, script, '--expose-gc', '--no-warnings')
  t.match(rest, { code: 0, signal: null, stderr: '' })
  t.match(stdout, /Set\(1\) \{ 'STOPPED' \}/)
})

t.test('a subscription', async (t) => {
  const script = `${gc}
    native.ns.watchExit(native.ns.pidfdOpen(1), false, () => undefined)
    await collect()`
  const { stdout } = await child(t, script, '--expose-gc', '--no-warnings')
  t.match(stdout, /^Warning VPSADMINOS_UNCLOSED Closing a subscription/)
})

t.test('handles do not pile up', async (t) => {
  const script = `
    import { readdirSync } from 'node:fs'
    const open = () => readdirSync('/proc/self/fd').length
    native.lxc.close(await native.lxc.open('web1', lxcPath))
    const before = open()
    for (let i = 0; i < 200; i++) native.lxc.close(await native.lxc.open('web1', lxcPath))
    for (let i = 0; i < 500 && open() > before; i++) await sleep(20)
    console.log(open() - before)`
  t.strictSame(await child(t, script), { ...clean, stdout: '0\n' })
})
