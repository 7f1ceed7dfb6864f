// The units that are shipped: systemd keeps the socket, is told when osctld answers, and begins it anew when it is
// killed; containers go on.
import { requires } from '../../helpers/requires.js'
import { Lab, projectInGuest } from '../lab.js'

const t = requires('root', 'qemu', 'mmdebstrap')
t.setTimeout(0)

const lab = await Lab.open({ init: 'systemd' })
t.teardown(() => lab[Symbol.asyncDispose]())

const program = (name: string, file: string) =>
  `printf '#!/bin/sh\\nexec node ${projectInGuest}/dist/${file} "$@"\\n' >/usr/local/bin/${name}; chmod 755 /usr/local/bin/${name}`

const install = `
${program('osctld', 'daemon/osctld.js')}
${program('osctl', 'cli/osctl.cjs')}
mkdir -p /etc/osctl /etc/systemd/system/osctld.service.d
printf 'pools: [{ name: tank, path: /srv/scratch/tank }]\\n' >/etc/osctl/osctld.yml
cp ${projectInGuest}/share/systemd/osctld.* /etc/systemd/system/
# An emulated processor is slow.
printf '[Service]\\nTimeoutStartSec=600\\n' >/etc/systemd/system/osctld.service.d/slow.conf
systemctl daemon-reload
systemctl start osctld.socket
`

await t.test('begun by its socket, replaced, and killed', async (t) => {
  await using machine = await lab.machine()
  const run = async (script: string): Promise<string> => {
    try {
      return await machine.shell(script, { env: lab.env })
    } catch (error) {
      const { stdout: journal } = await machine.run(['journalctl', '-n', '40', '-o', 'cat'])
      throw new Error(journal, { cause: error })
    }
  }
  const show = (what: string) => run(`systemctl show --value --property=${what} osctld`)
  await run(install)
  // It says what it thinks of others, too.
  const verified = 'systemd-analyze verify --man=no /etc/systemd/system/osctld.service 2>&1'
  t.notMatch(await run(verified), 'osctld')
  t.equal(await run('stat -c "%a %U" /run/osctl/osctld.sock'), '600 root')
  t.equal(await show('ActiveState'), 'inactive', 'nobody has asked yet')
  t.equal(await run('osctl ping 300'), 'pong')
  t.equal(await show('ActiveState'), 'active', 'it has said that it answers')
  await run(`
    ${projectInGuest}/images/busybox/build.sh /srv/scratch/busybox.tar
    osctl pool install --path /srv/scratch/tank tank
    osctl image import --distribution busybox --version 1 /srv/scratch/busybox.tar
    osctl ct new --distribution busybox web1
    osctl ct start web1
  `)
  const init = await run('osctl ct ls -H -o init_pid web1')
  const imported = 'until [ "$(osctl pool ls -H -o state tank)" = active ]; do sleep 1; done'
  for (const [how, command] of [
    ['replaced', 'systemctl restart osctld'],
    ['killed', 'systemctl kill --signal=KILL osctld'],
  ] as const) {
    const before = await show('MainPID')
    // Whoever asks meanwhile waits, as the socket is there.
    await run(`${command}; osctl ping 300; ${imported}`)
    t.not(await show('MainPID'), before, how)
    t.equal(await run('osctl ct ls -H -o init_pid web1'), init, 'its container goes on')
    t.equal(await run('osctl ct exec web1 echo here'), 'here')
  }
  await run('systemctl stop osctld.socket osctld')
  t.equal(await show('ActiveState'), 'inactive')
  t.equal(await run(`cat /proc/${init}/comm`), 'init', 'also when it is stopped')
})
