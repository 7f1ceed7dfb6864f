// What docs/programs.md shows is so: its examples run, one after the other, as those of a reader would.
import { Examples } from '../helpers/examples.js'
import { startedContainer, temporaryHost } from '../helpers/host.js'
import { requires } from '../helpers/requires.js'

const t = requires('root', 'userns', 'liblxc', 'cgroup', 'busybox')
const examples = new Examples('docs/programs.md')
const host = await temporaryHost(t)
const ct = await startedContainer(host, { id: 'one' })
await ct.push('/etc/passwd', 'root:x:0:0::/:/bin/sh\ndaemon:x:1:1::/:/bin/sh\n')

/** What the example with this in its text has left in its variables. */
async function run(part: string, names: readonly string[]): Promise<Record<string, unknown>> {
  const printed: string[] = []
  const process = { stdout: { write: (chunk: Buffer) => printed.push(chunk.toString()) } }
  const left = await examples.run(part, { ct, process }, names)
  return { ...left, printed: printed.join('') }
}

await t.test('exec', async (t) => {
  const left = await run("user: 'daemon'", ['stdout', 'stderr', 'exitCode', 'signal'])
  t.match(left, { stdout: '1\n', stderr: '', exitCode: 0, signal: null })
})

await t.test('in one that is stopped', async (t) => {
  t.match(await run('run: true', ['first']), { first: 'init\n' })
  t.equal(ct.state, 'stopped')
  await ct.start()
})

await t.test('a session', async (t) => {
  const left = await run('hello, $name', ['said', 'exitCode', 'signal'])
  t.match(left, { said: 'hello, world\n', exitCode: 0, signal: null })
})

await t.test('a session of an earlier process', async (t) => {
  t.match(await run('started.detach()', []), { printed: 'done\n' })
  t.same(await ct.sessions(), [])
})

await t.test('a terminal', async (t) => {
  t.match(await run('tty: {', ['ended']), { printed: /40 120/, ended: { exitCode: 3 } })
})

await t.test('the console', async (t) => {
  await t.resolves(run('ct.console()', []))
})

t.equal(examples.length, 6, 'these are all')
