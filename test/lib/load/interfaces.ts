// What /proc/net/dev says, as this kernel writes it, and what is none of that.
import { networkInterfaces } from 'node:os'
import t from 'tap'
import {
  otherEnd,
  parseInterfaces,
  readInterfaces,
  trafficOfDevices,
} from '../../../dist/load/interfaces.js'

const HEAD = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
`
const line = (name: string, rx: number, tx: number) =>
  `${name.padStart(6)}: ${rx} 2 0 0 0 0 0 0 ${tx} 4 0 0 0 0 0 0\n`

await t.test('of this machine', async (t) => {
  const found = await readInterfaces()
  for (const name of Object.keys(networkInterfaces())) t.ok(found.has(name), name)
  const all = await trafficOfDevices(found, new Set())
  t.ok(all.rx.bytes >= 0)
  t.same(await trafficOfDevices(found, new Set(found.keys())), {
    tx: { bytes: 0, packets: 0 },
    rx: { bytes: 0, packets: 0 },
  })
})

t.test('by name, and as the other end has it', (t) => {
  const found = parseInterfaces(
    HEAD + line('lo', 1, 1) + line('vbench0123456789', 10, 30) + line('a:1', 5, 6),
  )
  t.same([...found.keys()], ['lo', 'vbench0123456789', 'a:1'])
  const one = { rx: { bytes: 10, packets: 2 }, tx: { bytes: 30, packets: 4 } }
  t.same(found.get('vbench0123456789'), one)
  t.same(otherEnd(one), { tx: one.rx, rx: one.tx })
  t.same(parseInterfaces(HEAD).size, 0)
  t.end()
})

t.test('anything else is told', (t) => {
  for (const text of [
    '',
    'lo: 1 2 3',
    `${HEAD}lo: 1 2 3\n`,
    HEAD + line('', 1, 2),
    HEAD + line('lo', -1, 2),
    `${HEAD}lo 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n`,
    HEAD + line('lo', 1, 2).trimEnd() + ' 17\n',
  ]) {
    t.throws(() => parseInterfaces(text), { code: 'ERR_UNSUPPORTED', message: /net\/dev/ }, text)
  }
  t.end()
})
