// Whoever asks qemu is told when it has ended, also when that was in the middle of a word.
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { testDirectory } from '../../helpers/system.js'
import { Qmp } from '../qmp.js'

const path = join(testDirectory(t), 'qmp')
const server = createServer((qemu) => {
  qemu.write('{"QMP": {}}\n')
  qemu.once('data', () =>
    qemu.end('{"event": "RESUME"}\n{"return": {"status": "running"}}\n{"retu'),
  )
}).listen(path)
t.teardown(() => server.close())
await once(server, 'listening')
const socket = connect(path)
await once(socket, 'connect')
const qmp = new Qmp(socket)

t.same(await qmp.execute('query-status'), { status: 'running' })
const gone = { name: 'GoneError', message: 'qemu has ended' }
await t.rejects(qmp.execute('query-status'), gone)
await t.rejects(qmp.execute('query-status'), gone, 'also afterwards')
