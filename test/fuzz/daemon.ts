// Whatever comes over the daemon's socket, it answers in its own words, goes on, and keeps nothing of it.
import { readdirSync, readlinkSync } from 'node:fs'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { calls } from '../../dist/daemon/api.js'
import { Client, servedPlace } from '../helpers/daemon.js'
import { until } from '../helpers/keeper-host.js'
import { requires } from '../helpers/requires.js'
import { seeded } from '../helpers/seeded.js'
import { upTo } from '../helpers/time.js'

const t = requires('root', 'userns', 'cgroup', 'liblxc', 'busybox')
const random = seeded(t)
const rounds = Number(process.env['ROUNDS'] ?? 6)
t.setTimeout(upTo(600_000))
const place = await servedPlace(t)
const client = new Client(place.socket)

function oneOf<Item>(items: readonly Item[]): Item {
  return items[random(items.length)] as Item
}

const WORDS = [
  'web',
  'tank',
  'tank:web',
  ':',
  'tank:',
  ':web',
  '..',
  '.',
  'ä',
  '\u{1f4a9}',
  '\ud800',
  '\0',
  '%',
  '%00',
  'a'.repeat(300),
  'a'.repeat(3000),
  '__proto__',
  'constructor',
  'toString',
  'true',
  'null',
  '-1',
  '1e999',
  'NaN',
  '0x10',
  '99999999999999999999',
  ' ',
  '',
  'infinity',
  'running',
  'SIGKILL',
  'kill',
] as const

function anything(depth = 0): unknown {
  switch (random(depth > 3 ? 6 : 8)) {
    case 0:
      return oneOf(WORDS)
    case 1:
      return oneOf([0, -1, 1, 0.5, 1e308, -0, 2 ** 53, 2 ** 31, 65536])
    case 2:
      return random(2) === 0
    case 3:
      return null
    case 4:
      return oneOf(WORDS)
    case 5:
      return []
    case 6:
      return Array.from({ length: random(4) }, () => anything(depth + 1))
    default:
      return Object.fromEntries(
        Array.from({ length: random(4) }, () => [oneOf(WORDS), anything(depth + 1)]),
      )
  }
}

/** Some of the fields that it has, with something in them. */
function likeBody(schema: unknown): unknown {
  const { shape } = (schema ?? {}) as { shape?: Record<string, unknown> }
  if (shape === undefined || random(5) === 0) return anything()
  const fields = Object.keys(shape).filter(() => random(3) > 0)
  return Object.fromEntries(
    [...fields, ...(random(8) === 0 ? ['nonsense'] : [])].map((name) => [name, anything()]),
  )
}

/** Nothing is to be made, or read, outside of the test's own directory. */
const LEFT_OUT = ['pool.install', 'pool.import', 'pool.uninstall', 'pool.export', 'image.import']

const encoded = (word: string) => encodeURIComponent(word.replace('\ud800', '\ufffd'))

await t.test('every call, with anything', { timeout: upTo(300_000) }, async (t) => {
  await client.ask('POST /v1/containers', { id: 'web', image: { distribution: 'busybox' } })
  const statuses = new Map<number, number>()
  for (let round = 0; round < rounds; round++) {
    for (const call of calls) {
      if (LEFT_OUT.includes(call.name)) continue
      const path = call.path.replace(/:\w+/g, () => encoded(oneOf(WORDS)) || 'web')
      const keys = Object.keys(call.query.shape).filter(
        // Nobody waits for ever.
        (key) => random(2) === 0 || key === 'timeout',
      )
      const query = [...keys, ...(random(6) === 0 ? ['nonsense'] : [])]
        .map(
          (key) => `${key}=${encoded(key === 'wait' || key === 'timeout' ? '50' : oneOf(WORDS))}`,
        )
        .join('&')
      const body = call.body === null ? undefined : likeBody(call.body)
      const answer = await Promise.race([
        client.ask(
          `${call.method} /v1${path}?${query}`,
          body ?? (call.method !== 'GET' && random(4) === 0 ? '{' : undefined),
        ),
        sleep(upTo(20_000), null, { ref: false }),
      ])
      if (answer === null) throw new Error(`${call.method} ${path}?${query} is not answered`)
      const { status } = answer
      statuses.set(status, (statuses.get(status) ?? 0) + 1)
      const said =
        `${call.method} ${path}?${query} ${JSON.stringify(body)}`.slice(0, 300) +
        `: ${status} ${answer.text.slice(0, 300)}`
      if (status < 400) continue
      const { error } = (answer.body ?? {}) as { error?: { code?: unknown; message?: unknown } }
      if (typeof error?.code !== 'string' || typeof error.message !== 'string') t.fail(said)
      if (
        error?.code === 'ERR_INTERNAL' ||
        /undefined|is not a function|\[object/.test(String(error?.message))
      )
        t.fail(said)
    }
  }
  t.comment(JSON.stringify(Object.fromEntries(statuses)))
  t.ok((statuses.get(400) ?? 0) > 50, 'most make no sense')
  t.ok((statuses.get(200) ?? 0) > 10, 'and some do')
  t.equal((await client.ask('GET /v1/ping')).status, 200)
})

/** Bytes, in pieces, and then the connection is closed, cut, or left alone. */
async function say(bytes: Buffer, ending: 'end' | 'cut' | 'wait'): Promise<void> {
  const socket = connect(place.socket)
  socket.on('error', () => undefined)
  socket.resume()
  for (let at = 0; at < bytes.length;) {
    const length = 1 + random(random(4) === 0 ? 20 : 4000)
    socket.write(bytes.subarray(at, at + length))
    at += length
    if (random(10) === 0) await sleep(1)
  }
  if (ending === 'end') socket.end()
  if (ending === 'cut') setTimeout(() => socket.destroy(), random(20))
  const limit = sleep(ending === 'wait' ? 20 : 500, undefined, { ref: false })
  await Promise.race([new Promise((resolve) => socket.once('close', resolve)), limit])
  socket.destroy()
}

const REQUESTS = [
  'GET /v1/containers HTTP/1.1\r\nHost: osctld\r\n\r\n',
  'POST /v1/containers HTTP/1.1\r\nHost: osctld\r\nContent-Type: application/json\r\nContent-Length: 40\r\n\r\n{"id":"web9","image":{"distribution":1}}',
  'POST /v1/containers/web/exec HTTP/1.1\r\nHost: o\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"arg\r\n0\r\n\r\n',
  'GET /v1/events HTTP/1.1\r\nHost: osctld\r\n\r\n',
  'GET /v1/containers/web/spawn HTTP/1.1\r\nHost: o\r\nConnection: upgrade\r\nUpgrade: osctl\r\n\r\nb\0\0\0\x0f{"args":["true"]}',
  'GET /v1/containers/web/console HTTP/1.1\r\nHost: o\r\nConnection: upgrade\r\nUpgrade: osctl\r\n\r\nw\0\0\0\x14{"rows":1,"cols":10}i\0\0\0\x01\n',
  'PUT /v1/containers/web/files?path=/tmp/x HTTP/1.1\r\nHost: o\r\nContent-Type: application/octet-stream\r\nContent-Length: 10\r\n\r\n0123456789',
].map((text) => Buffer.from(text, 'latin1'))

function mutated(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes)
  for (let times = random(4); times > 0; times--) copy[random(copy.length)] = random(256)
  const cut = random(3) === 0 ? copy.subarray(0, random(copy.length)) : copy
  return random(5) === 0 ? Buffer.concat([cut, Buffer.alloc(random(100_000), random(256))]) : cut
}

/** What they are, sorted. */
function descriptors(): string[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).replace(/\d+/g, 'N')
    } catch {
      // That of the directory.
      return []
    }
  })
}

await t.test('bytes that are hardly HTTP', { timeout: upTo(300_000) }, async (t) => {
  await client.ask('POST /v1/containers/web/start')
  await client.ask('GET /v1/ping')
  await sleep(200)
  const before = descriptors()
  for (let round = 0; round < rounds * 10; round++) {
    await Promise.all(
      Array.from({ length: 8 }, () => say(mutated(oneOf(REQUESTS)), oneOf(['end', 'cut', 'wait']))),
    )
  }
  t.equal((await client.ask('GET /v1/ping')).status, 200, 'it answers')
  await until(() => descriptors().length <= before.length + 2).catch(() => undefined)
  const left = descriptors()
  t.ok(left.length <= before.length + 2, `no descriptor is left: ${left.sort().join(' ')}`)
  const { body } = await client.ask('GET /v1/operations')
  t.same(body, [], 'nothing is done any more')
  await client.ask('POST /v1/containers/web/stop?method=kill')
})

await t.test('many that say nothing', async (t) => {
  const silent = Array.from({ length: 200 }, () =>
    connect(place.socket).on('error', () => undefined),
  )
  await sleep(100)
  t.equal((await client.ask('GET /v1/ping')).status, 200, 'others are answered')
  for (const socket of silent) socket.destroy()
})
