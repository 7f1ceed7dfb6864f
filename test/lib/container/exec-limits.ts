// How much a program may be given and may print.
import { startedContainer, temporaryHost } from '../../helpers/host.js'
import { requires } from '../../helpers/requires.js'

const t = requires('root', 'userns', 'liblxc', 'cgroup', 'busybox')
const host = await temporaryHost(t)
const ct = await startedContainer(host, { id: 'one' })

await t.test('maxBuffer is a size, or none', async (t) => {
  const print = (bytes: number, maxBuffer: number | string) =>
    ct.exec(['sh', '-c', `yes | head -c ${bytes}`], { maxBuffer })
  t.equal((await print(2048, '2 KiB')).stdout.length, 2048)
  await t.rejects(print(2049, '2 KiB'), { code: 'ERR_OUTPUT_LIMIT', maxBuffer: 2048 })
  t.equal((await print(3 * 2 ** 20, Infinity)).stdout.length, 3 * 2 ** 20)
  t.equal((await print(0, 0)).stdout, '')
  for (const bad of [-1, NaN, 'lots', '-1', null, true]) {
    await t.rejects(print(1, bad as never), {
      code: 'ERR_INVALID_ARGUMENT',
      argument: 'exec.maxBuffer',
    })
  }
})

await t.test('what is no input or no signal starts nothing', async (t) => {
  const wrong = (argument: string) => ({ code: 'ERR_INVALID_ARGUMENT', argument })
  for (const bad of [true, 5, {}, null]) {
    await t.rejects(ct.exec(['sleep', '9'], { stdin: bad as never }), wrong('exec.stdin'))
    await t.rejects(ct.exec(['sleep', '9'], { signal: bad as never }), wrong('exec.signal'))
    await t.rejects(ct.spawn(['sleep', '9'], { signal: bad as never }), wrong('spawn.signal'))
    await t.rejects(ct.stop({ signal: bad as never }), wrong('stop.signal'))
  }
  await t.rejects(ct.spawn(['sleep', '9'], { stdin: 'text' as never }), wrong('spawn.stdin'))
  t.same(await ct.sessions(), [])
})

await t.test('what is too much for the command line says of what', async (t) => {
  const refused = (reason: RegExp) => ({
    code: 'ERR_INVALID_ARGUMENT',
    argument: 'exec.args',
    reason,
  })
  const many = (count: number) => Array.from({ length: count }, () => 'x')
  await t.rejects(ct.exec(many(4000)), refused(/at most 3500 arguments/))
  await t.rejects(ct.exec(many(3499)), refused(/at most 3500 arguments and environment variables/))
  await t.rejects(ct.exec(['true', 'x'.repeat(122_880)]), refused(/and 122880 bytes/))
})
