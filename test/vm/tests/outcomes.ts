// What goes wrong in a machine is reported as what it is, and the next one is not touched by it.
import { requires } from '../../helpers/requires.js'
import { Lab } from '../lab.js'
import { report, type Report, type Work } from '../report.js'

const t = requires('root', 'qemu', 'mmdebstrap')
t.setTimeout(0)

const lab = await Lab.open()
t.teardown(() => lab[Symbol.asyncDispose]())

async function reported(run: Work['run'], limitMs = 120_000): Promise<Report> {
  await using machine = await lab.machine()
  return await report(machine, { run, limitMs, env: lab.env })
}

t.test('what succeeds', async (t) => {
  const done = await reported(['sh', '-c', 'echo out; echo error >&2'])
  t.match(done, { outcome: 'passed', stdout: 'out\n', stderr: 'error\n', consoleTail: '' })
})

t.test('what fails', async (t) => {
  t.match(await reported(['sh', '-c', 'exit 3']), { outcome: 'failed', reason: 'ended with 3' })
  t.match(await reported(['sh', '-c', 'kill -9 $$']), { outcome: 'failed', reason: /SIGKILL/ })
  t.match(await reported(['/nowhere']), { outcome: 'failed', stderr: /ENOENT/ })
})

t.test('what hangs', async (t) => {
  const done = await reported(['sh', '-c', 'echo begun; sleep 1000'], 3000)
  t.match(done, { outcome: 'hung', reason: /did not end in 3 s[^]*sleep 1000/, stdout: 'begun\n' })
})

t.test('a panic', async (t) => {
  const done = await reported(['sh', '-c', 'echo begun; sleep 0.5; echo c >/proc/sysrq-trigger'])
  t.match(done, { outcome: 'panicked', reason: /sysrq triggered crash/, stdout: 'begun\n' })
  t.match(done.consoleTail, /Kernel panic/)
})

t.test('a full disk', async (t) => {
  const fill = 'mount -t tmpfs -o size=1m small /mnt; cat /dev/zero >/mnt/file'
  const done = await reported(['sh', '-ec', fill])
  t.match(done, { outcome: 'disk full', reason: /no room in \/mnt/, stderr: /No space left/ })
})

t.test('a machine that switches itself off', async (t) => {
  t.match(await reported(['busybox', 'poweroff', '-f']), { outcome: 'gone' })
})

t.test('a machine is nobody else', async (t) => {
  t.match(await reported(['touch', '/made']), { outcome: 'passed' })
  t.match(await reported(['test', '-e', '/made']), { outcome: 'failed' })
})
