// The network of a container that is started for a program: its interfaces, where that is wanted, with nothing
// configured on them; and lo.
import { testBridge } from '../../helpers/bridge.js'
import { busybox, temporaryHost } from '../../helpers/host.js'
import { requires } from '../../helpers/requires.js'

const t = requires('root', 'userns', 'liblxc', 'cgroup', 'busybox', 'ip')
const bridge = testBridge(t, 'xr')

const host = await temporaryHost(t)
const netif = { type: 'bridge', link: bridge, hwaddr: '00:16:3e:00:00:07' } as const
const ct = await host.containers.create({ id: 'web1', image: busybox, netif })
const run = true

await t.test('none but lo, which is up', async (t) => {
  const look = 'ls /sys/class/net; ping -c 1 127.0.0.1 >/dev/null && echo up'
  t.equal((await ct.exec(['sh', '-c', look], { run })).stdout, 'lo\nup\n')
})

await t.test('its own interface, up, for the program to configure', async (t) => {
  const look = `cat /sys/class/net/eth0/address; ip -o address show dev eth0 | grep -c 'inet '
    ip address add 198.51.100.7/24 dev eth0 && ip route add default via 198.51.100.1
    ping -c 1 -w 10 198.51.100.1 >/dev/null && echo there`
  const { stdout } = await ct.exec(['sh', '-c', look], { run, network: true })
  t.equal(stdout, '00:16:3e:00:00:07\n0\nthere\n')
  t.equal(ct.state, 'stopped')
  t.same((await host.audit()).leftovers, [])
  t.equal(
    (await ct.exec(['ls', '/sys/class/net'], { run })).stdout,
    'lo\n',
    'and not the next time',
  )
})
