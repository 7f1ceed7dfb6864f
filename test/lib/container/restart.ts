// A restart is a stop and a start, or nothing.
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { startedContainer, temporaryHost } from '../../helpers/host.js'
import { requires } from '../../helpers/requires.js'

const t = requires('root', 'userns', 'liblxc', 'cgroup', 'busybox')
const host = await temporaryHost(t)
const ct = await startedContainer(host, { id: 'one' })

await t.test('what could not be started again is not stopped', async (t) => {
  const { initPid } = ct.show()
  await ct.set({ seccompProfile: '/nowhere/at/all' })
  await t.rejects(ct.restart({ method: 'kill' }), { code: 'ERR_CONFIG_BROKEN' })
  t.match(ct.show(), { state: 'running', initPid })
  const problems = await host.healthcheck({ entities: 'all' })
  t.match(problems, [{ of: 'container tank:one', error: /seccomp_profile: '\/nowhere\/at\/all'/ }])
  await ct.unset('seccompProfile')
  await t.rejects(ct.restart({ startTimeout: -1 }), { message: /restart\.startTimeout/ })
  t.match(ct.show(), { state: 'running', initPid })
  const { stop } = await ct.restart({ method: 'kill' })
  t.equal(stop.rung, 'kill')
  t.not(ct.show().initPid, initPid)
  t.same(await host.healthcheck({ entities: 'all' }), [])
})

await t.test('a file that was broken meanwhile is told of before the next import', async (t) => {
  const { path } = ct.record.file
  const text = readFileSync(path, 'utf8')
  chmodSync(path, 0o600)
  writeFileSync(path, 'a: [\n')
  chmodSync(path, 0o400)
  t.match(await host.healthcheck({ entities: 'all' }), [
    { of: 'container tank:one', what: path, error: new RegExp(path) },
  ])
  chmodSync(path, 0o600)
  writeFileSync(path, text)
  chmodSync(path, 0o400)
  t.same(await host.healthcheck({ entities: 'all' }), [])
})
