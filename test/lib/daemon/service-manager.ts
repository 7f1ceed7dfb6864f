// A service manager is told when it answers, and when it ends.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { daemonPlace } from '../../helpers/daemon.js'
import { requires } from '../../helpers/requires.js'
import { native } from '../../../dist/native.js'

const t = requires('root', 'userns', 'cgroup', 'liblxc', 'busybox', 'python3')
const program = fileURLToPath(new URL('../../../dist/daemon/osctld.js', import.meta.url))
const place = await daemonPlace(t)
const dir = dirname(place.socket)
const config = join(dir, 'osctld.json')
writeFileSync(config, JSON.stringify(place))

/** Prints each datagram as a line, as Node.js has no such sockets. */
const RECEIVER = `
import socket, sys
name = sys.argv[1]
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind('\\0' + name[1:] if name[0] == '@' else name)
print('ready', flush=True)
while True:
    print(s.recv(4096).decode().replace('\\n', ' '), flush=True)
`

for (const address of [join(dir, 'notify'), `@vpsadminos-${process.pid}`]) {
  await t.test(address.startsWith('@') ? 'an abstract socket' : 'a path', async (t) => {
    const manager = spawn('python3', ['-c', RECEIVER, address], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    t.teardown(() => manager.kill())
    const lines = createInterface({ input: manager.stdout })[Symbol.asyncIterator]()
    t.equal((await lines.next()).value, 'ready')
    const daemon = spawn(
      'env',
      ['-i', `NOTIFY_SOCKET=${address}`, process.execPath, program, '--config', config],
      { stdio: 'ignore' },
    )
    t.equal((await lines.next()).value, `READY=1 MAINPID=${daemon.pid}`)
    const ended = once(daemon, 'exit')
    daemon.kill('SIGTERM')
    t.equal((await lines.next()).value, 'STOPPING=1')
    t.same(await ended, [0, null])
  })
}

await t.test('one that is not there', async (t) => {
  t.throws(() => native.ns.notify(join(dir, 'nobody'), 'READY=1'), {
    code: 'ENOENT',
    syscall: 'sendto',
    path: join(dir, 'nobody'),
  })
  t.throws(() => native.ns.notify('a'.repeat(108), 'x'), { code: 'ENAMETOOLONG' })
  t.throws(() => native.ns.notify('', 'x'), { code: 'ENAMETOOLONG' })
  const daemon = spawn(
    'env',
    ['-i', `NOTIFY_SOCKET=${join(dir, 'nobody')}`, process.execPath, program, '--config', config],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  const lines = createInterface({ input: daemon.stdout })[Symbol.asyncIterator]()
  let text = ''
  while (!text.includes('cannot be told')) text = String((await lines.next()).value)
  t.match(text, /ENOENT/, 'it works without, and says so')
  const ended = once(daemon, 'exit')
  daemon.kill('SIGTERM')
  await ended
})
