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
  t.throws(() => host.containers.list(untyped({ state: 'up' })), {
    code: 'ERR_INVALID_ARGUMENT',
    argument: 'list.state',
    reason: /^must be an array, "staged", .* or "error", got "up"$/,
  })
  t.throws(() => host.containers.list(untyped({ user: 5 })), {
    code: 'ERR_INVALID_ARGUMENT',
    argument: 'list.user',
  })
  t.throws(() => host.containers.get(untyped(undefined)), { code: 'ERR_INVALID_ARGUMENT' })
  t.throws(() => host.users.get(untyped({ name: 'x' })), { code: 'ERR_INVALID_ARGUMENT' })
})

await t.test('images', async (t) => {
  const noSuch = (argument: string) => ({
    code: 'ERR_INVALID_ARGUMENT',
    argument,
    reason: /^no such option; there are .*\bpool\b/,
  })
  t.throws(() => host.images.find(untyped({ distro: 'x' })), noSuch('find.distro'))
  t.throws(() => host.images.list(untyped({ distro: 'x' })), noSuch('list.distro'))
  t.throws(() => host.images.find(untyped({ version: 12 })), {
    code: 'ERR_INVALID_ARGUMENT',
    argument: 'find.version',
  })
  t.throws(() => host.images.list(untyped('debian')), { code: 'ERR_INVALID_ARGUMENT' })
  await t.rejects(host.images.import(untyped({ file: 'x' })), noSuch('import.file'))
  await t.rejects(host.images.import(untyped(undefined)), { code: 'ERR_INVALID_ARGUMENT' })
  await t.rejects(host.images.import(untyped({ path: 'x' }), untyped({ sig: 1 })), {
    code: 'ERR_INVALID_ARGUMENT',
    argument: 'import.sig',
  })
  await t.rejects(host.images.delete('x', untyped({ pol: 'tank' })), noSuch('delete.pol'))
})

await t.test('hosts', async (t) => {
  await t.rejects(Host.open(untyped({ statedir: '/x' })), {
    code: 'ERR_INVALID_ARGUMENT',
    argument: 'open.statedir',
  })
  await t.rejects(Host.temporary(untyped({ mode: 'copy' })), {
    code: 'ERR_INVALID_ARGUMENT',
    argument: 'temporary.mode',
    reason: 'no such option; there are pool, directory, cloneMode',
  })
  await t.rejects(Host.temporary(untyped({ cloneMode: 'x' })), {
    code: 'ERR_INVALID_ARGUMENT',
    argument: 'temporary.cloneMode',
    reason: /"auto", "overlay", "reflink" or "copy"/,
  })
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
  await t.rejects(ct.stop(untyped(5)), { code: 'ERR_INVALID_ARGUMENT', argument: 'stop' })
  const image = { distribution: 'none' }
  await t.rejects(host.containers.create({ id: 'two', image }, untyped({ sig: 1 })), {
    code: 'ERR_INVALID_ARGUMENT',
    argument: 'create.sig',
  })
  t.same(
    host.containers.list({ state: undefined, user: 'one' }).map(({ id }) => id),
    ['one'],
    'what is undefined is not given',
  )
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
