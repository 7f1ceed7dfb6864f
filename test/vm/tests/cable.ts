// Two machines reach each other over a cable, and nobody else.
import { address, Cable } from '../cable.js'
import { requires } from '../../helpers/requires.js'
import { Lab } from '../lab.js'

const t = requires('root', 'qemu', 'mmdebstrap')
t.setTimeout(0)

const lab = await Lab.open()
t.teardown(() => lab[Symbol.asyncDispose]())
t.test('a file goes over it', async (t) => {
  using cable = new Cable()
  await using server = await lab.machine({ plug: cable.first })
  await using client = await lab.machine({ plug: cable.second })
  await Promise.all([address(server, '10.0.0.1/24'), address(client, '10.0.0.2/24')])

  const serve =
    'head -c 1000000 /dev/urandom >/tmp/file; busybox httpd -h /tmp; sha256sum </tmp/file'
  const sent = await server.shell(serve)
  const fetch = 'busybox wget -q -O - http://10.0.0.1/file | sha256sum'
  const received = await client.shell(fetch)
  t.match(sent, /^[0-9a-f]{64} /)
  t.equal(received, sent, 'a file arrives')
  const routes = await client.shell('ip route')
  t.equal(routes.split('\n').length, 1, 'no way to anywhere else')
})
