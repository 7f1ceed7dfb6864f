// Over the network, whoever has a certificate that is known is answered, and nobody else.
import { execFile } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { connect as connectPlain } from 'node:net'
import { dirname, join } from 'node:path'
import { connect } from 'node:tls'
import { promisify } from 'node:util'
import { pino } from 'pino'
import { Daemon } from '../../../dist/daemon/daemon.js'
import { daemonPlace } from '../../helpers/daemon.js'
import { requires } from '../../helpers/requires.js'

const t = requires('root', 'userns', 'cgroup', 'liblxc', 'busybox', 'openssl')
const run = promisify(execFile)
const place = await daemonPlace(t)
const dir = dirname(place.socket)
const file = (name: string) => join(dir, name)

/** A certificate, by an authority that is made with it where there is none yet. */
async function certificate(authority: string, name: string): Promise<void> {
  const fresh = [
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-days',
    '2',
  ]
  await run('openssl', [
    ...[...fresh, '-subj', `/CN=${authority}`],
    ...['-keyout', file(`${authority}.key`), '-out', file(`${authority}.pem`)],
  ])
  const extension = file(`${name}.ext`)
  writeFileSync(extension, 'subjectAltName=IP:127.0.0.1\n')
  await run('openssl', [
    ...[
      'req',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-subj',
      `/CN=${name}`,
    ],
    ...['-keyout', file(`${name}.key`), '-out', file(`${name}.csr`)],
  ])
  await run('openssl', [
    ...['x509', '-req', '-in', file(`${name}.csr`), '-days', '2', '-extfile', extension],
    ...['-CA', file(`${authority}.pem`), '-CAkey', file(`${authority}.key`), '-CAcreateserial'],
    ...['-out', file(`${name}.pem`)],
  ])
}

await certificate('servers', 'server')
await certificate('clients', 'admin')
await certificate('strangers', 'stranger')

const tls = {
  port: 0,
  cert: file('server.pem'),
  key: file('server.key'),
  clientCa: file('clients.pem'),
}
await t.test('files that are none', async (t) => {
  const open = (wrong: object) =>
    Daemon.open({ ...place, tls: { ...tls, ...wrong } }, pino({ level: 'silent' }))
  await t.rejects(open({ cert: '/none' }), { code: 'ENOENT' })
  await t.rejects(open({ key: file('admin.key') }), { message: /key/i })
  await t.rejects(open({ cert: 'server.pem' }), { code: 'ERR_INVALID_ARGUMENT' })
  await t.rejects(open({ host: 'everywhere' }), { code: 'ERR_INVALID_ARGUMENT' })
})

let port = 0
let ended: () => Promise<void> = async () => undefined
t.teardown(() => ended())

interface Answer {
  readonly status: number | undefined
  readonly text: string
}

function ask(path: string, who: string | null): Promise<Answer> {
  const own =
    who === null
      ? {}
      : { cert: readFileSync(file(`${who}.pem`)), key: readFileSync(file(`${who}.key`)) }
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, path, ca: readFileSync(file('servers.pem')), ...own }
    const sent = request({ ...options, agent: false }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
      response.once('end', () => resolve({ status: response.statusCode, text }))
      response.once('error', reject)
    })
    sent.once('error', reject)
    sent.end()
  })
}

await t.test('one that is known', async (t) => {
  // Nothing of those that could not begin is in its way.
  const daemon = await Daemon.open({ ...place, tls }, pino({ level: 'silent' }))
  ended = () => daemon.close()
  await daemon.begun
  port = daemon.address?.port ?? 0
  t.equal(daemon.address?.address, '127.0.0.1', 'this machine alone, unless it is said')
  t.match(await ask('/v1/ping', 'admin'), { status: 200, text: '{"pong":true}' })
  t.match(await ask('/v1/pools', 'admin'), { status: 200, text: /"name":"tank"/ })
})

await t.test('one that is not', async (t) => {
  await t.rejects(ask('/v1/ping', null), 'without a certificate')
  await t.rejects(ask('/v1/ping', 'stranger'), 'with one of another authority')
  await t.rejects(ask('/v1/ping', 'server'), 'with one that is for the server')
  const old = connect({ host: '127.0.0.1', port, maxVersion: 'TLSv1.2', rejectUnauthorized: false })
  await t.rejects(
    new Promise((resolve, reject) => old.once('secureConnect', resolve).once('error', reject)),
    'by an old protocol',
  )
  const plain = connectPlain(port, '127.0.0.1')
  plain.write('GET /v1/ping HTTP/1.1\r\nHost: x\r\n\r\n')
  let text = ''
  plain.on('data', (data) => (text += data.toString('latin1'))).on('error', () => undefined)
  await new Promise((resolve) => plain.once('close', resolve))
  t.notMatch(text, /pong/, 'without encryption')
  t.match(await ask('/v1/ping', 'admin'), { status: 200 }, 'others are still answered')
})

await t.test('a program over it', async (t) => {
  const socket = connect({
    ...{ host: '127.0.0.1', port, ca: readFileSync(file('servers.pem')) },
    ...{ cert: readFileSync(file('admin.pem')), key: readFileSync(file('admin.key')) },
  })
  socket.write(
    'GET /v1/containers/none/console HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: osctl\r\n\r\n',
  )
  let text = ''
  socket.on('data', (data: Buffer) => (text += data.toString()))
  await new Promise((resolve) => socket.once('close', resolve))
  t.match(text, /^HTTP\/1\.1 404 .*container 'none' not found/s)
})
