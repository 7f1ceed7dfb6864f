// What goes wrong in a machine is reported as what it is, and the next one is not touched by it.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { requires } from '../../helpers/requires.js'
import { testDirectory } from '../../helpers/system.js'
import { Lab, projectInGuest } from '../lab.js'
import { Machine } from '../machine.js'
import { dataDisk } from '../qemu.js'
import { report, type Report, type Work } from '../report.js'

const t = requires('root', 'qemu', 'mmdebstrap')
t.setTimeout(0)

const lab = await Lab.open()
t.teardown(() => lab[Symbol.asyncDispose]())

/** In which a program begins, and what it has said is heard: some seconds where the processor is emulated. */
const BEGUN_MS = lab.accelerator.name === 'tcg' ? 12_000 : 3000
const late = new RegExp(`did not end in ${BEGUN_MS / 1000} s[^]*sleep 1000`)

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
  t.match(await reported(['/dev/null/x']), { outcome: 'failed', stderr: /ENOTDIR/ })
})

t.test('an error that nobody catches', async (t) => {
  const module = `${projectInGuest}/test/uncaught.js`
  for (const left of ['setImmediate(() => { throw error })', 'Promise.reject(error)']) {
    await using machine = await lab.machine()
    const input = `
      import t from 'tap'
      import { setTimeout as sleep } from 'node:timers/promises'
      const error = new Error('nobody catches it')
      t.test('one', async (t) => { ${left}; await sleep(5000); t.pass() })
    `
    await machine.run(['tee', module], { input })
    const done = await report(machine, {
      run: { module },
      limitMs: 40_000 * lab.accelerator.timeFactor,
      env: lab.env,
    })
    t.equal(done.outcome, 'failed', left)
    t.match(done.stdout + done.stderr, /nobody catches it/, 'and it is told')
  }
})

t.test('what hangs', async (t) => {
  const done = await reported(['sh', '-c', 'echo begun; sleep 1000'], BEGUN_MS)
  t.match(done, { outcome: 'hung', reason: late, stdout: 'begun\n' })
})

t.test('what is waited for without a report', async (t) => {
  const machine = await lab.machine()
  t.teardown(() => machine.stop())
  const hangs = machine.run(['sh', '-c', 'echo begun; sleep 1000'], { limitMs: BEGUN_MS })
  await t.rejects(hangs, { name: 'LateError', output: { stdout: 'begun\n' }, message: late })
  await t.rejects(machine.run(['true']), { name: 'GoneError' }, 'it was stopped')
})

t.test('a machine that lives and does not answer', async (t) => {
  const done = await reported(['sh', '-c', 'kill -STOP $PPID'], BEGUN_MS)
  t.match(done, { outcome: 'hung', reason: /does not answer/ })
})

t.test('an agent that is killed', async (t) => {
  const done = await reported(['sh', '-c', 'kill -KILL $PPID'])
  t.match(done, { outcome: 'gone', consoleTail: /the agent ended with 137/ })
})

t.test('a panic', async (t) => {
  const panic = `echo begun; sleep ${BEGUN_MS / 6000}; echo c >/proc/sysrq-trigger`
  const done = await reported(['sh', '-c', panic])
  t.match(done, { outcome: 'panicked', reason: /sysrq triggered crash/, stdout: 'begun\n' })
  t.match(done.consoleTail, /Kernel panic/)
})

t.test('a full disk', async (t) => {
  const fill = 'mount -t tmpfs -o size=1m small /mnt; cat /dev/zero >/mnt/file'
  const done = await reported(['sh', '-ec', fill])
  t.match(done, { outcome: 'disk full', reason: /no room in \/mnt/, stderr: /No space left/ })
})

t.test("the host's disk is full", async (t) => {
  const noSpace = 'inject-error.0.event=none,inject-error.0.iotype=write,inject-error.0.errno=28'
  const image = `image.driver=null-co,image.size=${dataDisk.size},image.read-zeroes=on`
  await using machine = await lab.machine({ data: `driver=blkdebug,${noSpace},${image}` })
  const write = 'dd if=/dev/zero of=$(/usr/lib/lab/find-disk data) bs=4096 count=1 oflag=direct'
  const done = await report(machine, { run: ['sh', '-c', write], limitMs: 120_000 })
  t.match(done, { outcome: 'failed', stderr: /Input\/output error|No space left/ })
  t.match(done.consoleTail, /error, dev vd/)
})

t.test('a machine that switches itself off', async (t) => {
  t.match(await reported(['busybox', 'poweroff', '-f']), { outcome: 'gone' })
})

t.test('a state that cannot be written, and one that cannot be read', async (t) => {
  await using machine = await lab.machine()
  await t.rejects(machine.save('/nowhere/state'), { message: /not be saved[^]*\/nowhere\/state/ })
  await t.rejects(Machine.restore(lab.hardware, '/nowhere/state'), { code: 'ENOENT' })
  await t.rejects(Machine.restore(lab.hardware, '/dev/null'), { message: '/dev/null is empty' })
  const other = join(testDirectory(t), 'state')
  writeFileSync(other, 'nonsense')
  const restored = Machine.restore(lab.hardware, other)
  await t.rejects(restored, { name: 'GoneError', message: /load of migration failed/ })
})

t.test('a machine is nobody else', async (t) => {
  const paths = '/made /tmp/made /vpsadminos/made'
  t.match(await reported(['sh', '-c', `touch ${paths} && sync`]), { outcome: 'passed' })
  t.match(await reported(['sh', '-c', `ls ${paths} 2>/dev/null`]), {
    outcome: 'failed',
    stdout: '',
  })
})
