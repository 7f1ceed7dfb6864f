// Processes by descriptor.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync, readlinkSync, statSync } from 'node:fs'
import { describeWaitStatus, namespaceIds, Pidfd } from '../../../lib/ns/pidfd.js'
import { ended, sleeper } from '../../helpers/cgroup.js'
import { requires } from '../../helpers/requires.js'
import { native } from '../../../lib/native.js'
import { upTo } from '../../helpers/time.js'

const t = requires()

t.test('knows its number, signals, and tells of the end', async (t) => {
  const child = await sleeper(t)
  await using pidfd = Pidfd.open(child.pid)
  t.equal(pidfd.pid, child.pid)
  t.equal(pidfd.kill(0), true)
  const exited = pidfd.exited()
  t.equal(pidfd.kill('SIGTERM'), true)
  const exit = await exited
  // Node is the parent, so whether the kernel tells us too depends on who is faster.
  if (exit !== null) t.same(exit, { code: null, signal: 'SIGTERM' })
  t.same(await ended(child), { code: null, signal: 'SIGTERM' })
})

t.test('what has ended stays ended, and is never another process', async (t) => {
  const child = spawn('true')
  await using pidfd = Pidfd.open(child.pid ?? -1)
  await ended(child)
  await pidfd.exited()
  await pidfd.exited()
  t.equal(pidfd.kill('SIGKILL'), false)
  t.throws(() => pidfd.pid, { code: 'ESRCH' })
})

t.test('an exit code comes from the kernel where it tells', async (t) => {
  const child = spawn('sh', ['-c', 'exit 7'])
  await using pidfd = Pidfd.open(child.pid ?? -1)
  t.same(await ended(child), { code: 7, signal: null })
  const exit = await pidfd.exited()
  const [major = 0, minor = 0] = readFileSync('/proc/sys/kernel/osrelease', 'utf8')
    .split('.')
    .map(Number)
  if (major > 6 || (major === 6 && minor >= 15)) t.same(exit, { code: 7, signal: null })
  else t.equal(exit, null)
})

t.test('a wait status in words', (t) => {
  t.same(describeWaitStatus(0), { code: 0, signal: null })
  t.same(describeWaitStatus(0x0300), { code: 3, signal: null })
  t.same(describeWaitStatus(9), { code: null, signal: 'SIGKILL' })
  t.same(describeWaitStatus(11 | 0x80), { code: null, signal: 'SIGSEGV' })
  t.end()
})

t.test('no such process, no such descriptor, no such signal', async (t) => {
  t.throws(() => Pidfd.open(2 ** 22 + 1), { code: 'ESRCH', syscall: 'pidfd_open' })
  t.throws(() => Pidfd.open(0), { code: 'EINVAL' })
  t.throws(() => Pidfd.open(1.5), TypeError)
  const file = Pidfd.adopt(openSync('/dev/null', 'r'))
  t.throws(() => file.kill(0), { code: 'EBADF' })
  t.throws(() => file.pid, { code: 'EBADF' })
  await file.close()
  await using self = Pidfd.open(process.pid)
  t.throws(() => self.kill(4711), { code: 'EINVAL', syscall: 'pidfd_send_signal' })
})

t.test('closed is closed, twice is fine', async (t) => {
  const pidfd = Pidfd.open(process.pid)
  await pidfd.close()
  await pidfd.close()
  t.throws(() => pidfd.kill(0), { code: 'ERR_CLOSED' })
  await t.rejects(pidfd.exited(), { code: 'ERR_CLOSED' })
})

t.test('closing while waiting does not matter: the watch has its own descriptor', async (t) => {
  const child = await sleeper(t)
  const pidfd = Pidfd.open(child.pid)
  const exited = pidfd.exited()
  await pidfd.close()
  child.kill('SIGKILL')
  await exited
  t.same(await ended(child), { code: null, signal: 'SIGKILL' })
})

t.test('abort before and in the middle', async (t) => {
  await using self = Pidfd.open(process.pid)
  const reason = new Error('enough')
  await t.rejects(self.exited({ signal: AbortSignal.abort(reason) }), reason)
  const controller = new AbortController()
  const waiting = self.exited({ signal: controller.signal })
  controller.abort(reason)
  await t.rejects(waiting, reason)
})

t.test("a copy of another process's descriptor", async (t) => {
  const child = spawn('cat', { stdio: ['pipe', 'ignore', 'ignore'] })
  await once(child, 'spawn')
  t.teardown(() => child.kill('SIGKILL'))
  await using pidfd = Pidfd.open(child.pid ?? -1)
  const fd = native.ns.pidfdGetfd(pidfd.fd, 1)
  t.equal(readlinkSync(`/proc/self/fd/${fd}`), '/dev/null')
  closeSync(fd)
  t.throws(() => native.ns.pidfdGetfd(pidfd.fd, 1000), { code: 'EBADF' })
})

t.test('namespaces by number', async (t) => {
  const own = await namespaceIds(process.pid)
  t.equal(own.net, statSync('/proc/self/ns/net', { bigint: true }).ino)
  const child = spawn('unshare', ['--uts', '--ipc', 'sleep', '1000'])
  t.teardown(() => child.kill('SIGKILL'))
  // unshare(1) is seen before it has unshared.
  let other = await namespaceIds(child.pid ?? -1)
  for (let i = 0; i < upTo(500) && other.uts === own.uts; i++) {
    await new Promise((resolve) => setTimeout(resolve, 10))
    other = await namespaceIds(child.pid ?? -1)
  }
  t.not(other.uts, own.uts)
  t.equal(other.net, own.net)
  t.equal(other.user, own.user)
  await t.rejects(namespaceIds(2 ** 22 + 1), { code: 'ENOENT' })
})
