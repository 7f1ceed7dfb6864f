// The program that sets a password is the guest's own: whatever it does, the call comes to its end.
import { startedContainer, temporaryHost } from '../../helpers/host.js'
import { requires } from '../../helpers/requires.js'

const t = requires('root', 'userns', 'liblxc', 'cgroup', 'busybox')
const host = await temporaryHost(t)
const ct = await startedContainer(host, { id: 'runs' })

await t.test('one that does not end', async (t) => {
  await ct.push('/bin/chpasswd', '#!/bin/sh\nexec sleep 1000\n', { mode: 0o755 })
  await t.rejects(ct.setPassword('root', 'secret'), { code: 'ERR_TIMEOUT' })
  t.equal((await ct.exec(['true'])).exitCode, 0)
})

await t.test('one that is killed', async (t) => {
  await ct.push('/bin/chpasswd', '#!/bin/sh\nkill -9 $$\n', { mode: 0o755 })
  await t.rejects(ct.setPassword('root', 'secret'), {
    code: 'ERR_UNSUPPORTED',
    message: /chpasswd ended with SIGKILL/,
  })
})
