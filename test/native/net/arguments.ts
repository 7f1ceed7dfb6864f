// What the boundary refuses, and what it takes.
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { native } from '../../../lib/native.js'
import { requires } from '../../helpers/requires.js'

const t = requires('root')
const { net } = native
const untyped = net as unknown as Record<string, (...args: unknown[]) => unknown>

t.test('each function says which argument is wrong', (t) => {
  t.same(Object.keys(net), ['deleteVeth'])
  for (const bad of [undefined, null, 1, Symbol('no'), {}, 'a\0b']) {
    t.throws(() => untyped['deleteVeth']?.(bad), {
      name: 'TypeError',
      message: /^net\.deleteVeth\.args\[0\]: expected string/,
    })
  }
  t.end()
})

t.test('what is not there, or is something else', async (t) => {
  for (const name of ['', 'nonesuch', 'x'.repeat(15), 'x'.repeat(16), 'x'.repeat(5000)]) {
    await t.rejects(net.deleteVeth(name), { code: 'ENODEV', syscall: 'RTM_GETLINK' })
  }
  await t.rejects(net.deleteVeth('lo'), { code: 'EMEDIUMTYPE', syscall: 'RTM_GETLINK', path: 'lo' })
})

t.test('both of its ends', async (t) => {
  const [one, other] = [`vt${process.pid}a`, `vt${process.pid}b`]
  try {
    execFileSync('ip', ['link', 'add', one, 'type', 'veth', 'peer', 'name', other])
  } catch (error) {
    return void t.pass('told', { skip: `ip cannot make one: ${String(error)}` })
  }
  await net.deleteVeth(one)
  t.notOk(existsSync(`/sys/class/net/${one}`))
  t.notOk(existsSync(`/sys/class/net/${other}`))
  await t.rejects(net.deleteVeth(other), { code: 'ENODEV' })
})
