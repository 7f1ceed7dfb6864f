// What goes over the network of a container: sent and received, as the container has it.
import { createSocket } from 'node:dgram'
import { testBridge } from '../../helpers/bridge.js'
import { busybox, temporaryHost } from '../../helpers/host.js'
import { requires } from '../../helpers/requires.js'

const t = requires('root', 'userns', 'liblxc', 'cgroup', 'busybox', 'ip')
const bridge = testBridge(t, 'xl')

const host = await temporaryHost(t)
const netif = { type: 'bridge', link: bridge } as const
const ct = await host.containers.create({ id: 'web1', image: busybox, netif })
await ct.start()
await ct.exec(['sh', '-c', 'ip address add 198.51.100.7/24 dev eth0; ip link set eth0 up'])

const traffic = async () => {
  const { containers, network } = await host.load()
  const [one] = containers
  if (one === undefined || one.network === null) throw new Error('it has a network')
  return { own: one.network, host: network }
}

/** Resolves when it was sent; what comes of it is nobody's. */
async function send(datagrams: number, bytes: number): Promise<void> {
  const socket = createSocket('udp4')
  const content = Buffer.alloc(bytes)
  for (let number = 0; number < datagrams; number++) {
    await new Promise<void>((resolve, reject) => {
      socket.send(content, 9, '198.51.100.7', (error) => (error ? reject(error) : resolve()))
    })
  }
  socket.close()
}

await t.test('what it receives is what the host sends to it', async (t) => {
  await ct.exec(['sh', '-c', 'ping -c 1 -w 10 198.51.100.1'])
  const before = await traffic()
  await send(200, 1000)
  const after = await traffic()
  const received = after.own.rx.bytes - before.own.rx.bytes
  const sent = after.own.tx.bytes - before.own.tx.bytes
  t.ok(received >= 200_000, `${received} bytes received`)
  t.ok(after.own.rx.packets - before.own.rx.packets >= 200)
  t.ok(sent < received / 2, `${sent} bytes sent`)
  t.ok(after.host.rx.bytes - before.host.rx.bytes < 200_000_000, 'those of devices alone')
})
