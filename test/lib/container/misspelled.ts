// What a caller without types gets wrong is told, and never taken for something else.
import t from 'tap'
import { requires } from '../../helpers/requires.js'
import { Host } from 'vpsadminos'

requires('root', 'userns', 'liblxc')
const host = await Host.temporary()
t.teardown(() => host.close())
/** As JavaScript sees it. */
const untyped = (value: unknown) => value as never

await t.test('options, filters and references', async (t) => {
  t.throws(() => host.containers.list(untyped({ sate: 'running' })), {
    code: 'ERR_INVALID_ARGUMENT',
    argument: 'list.sate',
  })
  t.throws(() => host.containers.get(untyped(undefined)), { code: 'ERR_INVALID_ARGUMENT' })
  t.throws(() => host.users.get(untyped({ name: 'x' })), { code: 'ERR_INVALID_ARGUMENT' })
})

await t.test('states, methods and signals', async (t) => {
  const root = t.testdir({ etc: { passwd: 'root:x:0:0::/:/bin/sh\n' } })
  await host.images.import({ path: root, distribution: 'none', version: '1' })
  const ct = await host.containers.create({ id: 'one', image: { distribution: 'none' } })
  await t.rejects(ct.wait(untyped('runing')), { code: 'ERR_INVALID_ARGUMENT' })
  await t.rejects(ct.wait('stopped', untyped({ timeuot: 1 })), {
    code: 'ERR_INVALID_ARGUMENT',
    argument: 'wait.timeuot',
  })
  await t.rejects(ct.stop(untyped({ method: 'gently' })), {
    code: 'ERR_INVALID_ARGUMENT',
    argument: 'stop.method',
  })
  await t.rejects(ct.exec(['true'], untyped({ cwdd: '/' })), {
    code: 'ERR_INVALID_ARGUMENT',
    argument: 'exec.cwdd',
  })
  await t.rejects(ct.spawn(['true'], untyped({ ttty: true })), {
    code: 'ERR_INVALID_ARGUMENT',
    argument: 'spawn.ttty',
  })
})
