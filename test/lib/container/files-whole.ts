// What a push does not finish, it does not begin: the old file stays, and nothing else is left.
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import type { FileSource } from 'vpsadminos'
import { busybox, temporaryHost } from '../../helpers/host.js'
import { requires } from '../../helpers/requires.js'

const t = requires('root', 'userns', 'liblxc', 'cgroup', 'busybox')
const host = await temporaryHost(t)
const ct = await host.containers.create({ id: 'one', image: busybox })

async function* halfway(): AsyncGenerator<string> {
  yield 'half'
  await sleep(10)
  throw new Error('no more')
}

async function* wrongChunk(): AsyncGenerator<string> {
  yield 'half'
  await sleep(10)
  yield 42 as unknown as string
}

async function* stuck(): AsyncGenerator<string> {
  yield 'half'
  await new Promise(() => {
    // for ever
  })
}

const wrong: [name: string, content: unknown][] = [
  ['number', 42],
  ['null', null],
  ['undefined', undefined],
  ['array', ['text']],
  ['object', {}],
  ['Uint16Array', new Uint16Array([1])],
]

for (const state of ['stopped', 'running'] as const) {
  await t.test(`while it is ${state}`, async (t) => {
    if (state === 'running') await ct.start()
    const directory = `/srv/${state}`
    const [old, fresh] = [`${directory}/old`, `${directory}/new`]
    await ct.push(old, 'precious', { mkdirs: true })

    const untouched = async (name: string) => {
      t.equal(await text(await ct.pull(old)), 'precious', name)
      await t.rejects(ct.pull(fresh), { code: 'ENOENT' }, name)
      if (state === 'stopped') return
      const { stdout } = await ct.exec(['ls', '-A', directory])
      t.equal(stdout, 'old\n', `${name}: nothing is left`)
    }

    for (const path of [old, fresh]) {
      for (const [name, content] of wrong) {
        await t.rejects(
          ct.push(path, content as FileSource),
          { code: 'ERR_INVALID_ARGUMENT', argument: 'push.content' },
          name,
        )
      }
      await t.rejects(ct.push(path, wrongChunk()), {
        code: 'ERR_INVALID_ARGUMENT',
        argument: 'push.content',
      })
      await untouched('wrong content')
      for (const name of ['uid', 'gid']) {
        await t.rejects(ct.push(path, 'x', { [name]: 70_000 }), {
          code: 'ERR_INVALID_ARGUMENT',
          argument: `push.${name}`,
        })
      }
      await untouched('an id that the container does not have')
      await t.rejects(ct.push(path, halfway()), { message: 'no more' })
      await untouched('a source that fails')
      const reason = new Error('enough')
      const controller = new AbortController()
      const pushing = ct.push(path, stuck(), { signal: controller.signal })
      await sleep(50)
      controller.abort(reason)
      await t.rejects(pushing, reason)
      await untouched('aborted')
    }
    await t.rejects(ct.push(`${directory}/a/b/c`, halfway(), { mkdirs: true }))
    await untouched('directories made for it')
  })
}

await t.test('what has the name meanwhile', async (t) => {
  await ct.push('/srv/name', 'old', { mode: 0o600, uid: 1000, gid: 1001 })
  await ct.push('/srv/name', 'new')
  const { stdout } = await ct.exec(['stat', '-c', '%a %u %g', '/srv/name'])
  t.equal(stdout, '644 1000 1001\n', 'its owner stays, the mode is that of the push')
  await ct.push('/srv/name', 'setuid', { mode: 0o4755, uid: 1001 })
  const { stdout: bits } = await ct.exec(['stat', '-c', '%a %u %g', '/srv/name'])
  t.equal(bits, '4755 1001 1001\n')
  const pushes = Array.from({ length: 8 }, (_, index) =>
    ct.push('/srv/together', `${index}`.repeat(10_000)),
  )
  await Promise.all(pushes)
  t.match(await text(await ct.pull('/srv/together')), /^(\d)\1{9999}$/, 'one of them, whole')
})

await t.test('somebody reads it', async (t) => {
  await ct.push('/srv/read', 'old')
  const before = await ct.pull('/srv/read')
  await ct.push('/srv/read', 'new')
  t.equal(await text(before), 'old', 'the file that was opened')
  t.equal(await text(await ct.pull('/srv/read')), 'new')
})
