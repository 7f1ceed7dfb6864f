// The commands of docs/osctl.md can be typed as they stand there.
import { execFile } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { pino } from 'pino'
import { Host } from 'vpsadminos'
import { Daemon } from '../../dist/daemon/daemon.js'
import { Cgroups } from '../../dist/cgroup/cgroups.js'
import { busyboxImage } from '../helpers/host.js'
import { requires } from '../helpers/requires.js'

const t = requires('root', 'userns', 'cgroup', 'liblxc', 'busybox', 'tar', 'zstd')
const run = promisify(execFile)
const text = readFileSync('docs/osctl.md', 'utf8')
const commands = [...text.matchAll(/```sh\n([^]*?)```/g)].map(([, block]) => block).join('')

const dir = mkdtempSync(join(tmpdir(), 'osctl-tour-'))
chmodSync(dir, 0o711)
const options = {
  stateDir: join(dir, 'state'),
  cgroupRoot: `osctl-test-${process.pid}`,
  interfacePrefix: 'vtest',
  pools: [],
}
t.teardown(async () => {
  await using host = await Host.open(options)
  const pid = await host.keeperPid()
  await host.close()
  process.kill(pid)
  await using cgroups = Cgroups.mounted()
  await cgroups.dir(options.cgroupRoot).remove({ timeoutMs: 5000 })
  rmSync(dir, { recursive: true, force: true, maxRetries: 5 })
})
await using daemon = await Daemon.open(options, pino({ level: 'silent' }))

await t.test('the tour', async (t) => {
  await run('tar', ['--zstd', '-cf', join(dir, 'debian.tar.zst'), '-C', busyboxImage(t), '.'])
  const osctl = `#!/bin/sh\nexec ${process.execPath} ${resolve('dist/cli/osctl.cjs')} "$@"\n`
  writeFileSync(join(dir, 'osctl'), osctl, { mode: 0o755 })
  t.ok(commands.split('\n').length > 20, 'the page has commands')
  const script = commands.replaceAll('/var/lib/osctl/tank', join(dir, 'tank'))
  const { stdout, stderr } = await run(
    'env',
    [
      '-i',
      `PATH=${dir}:/usr/bin:/bin`,
      `OSCTLD_SOCKET=${daemon.socket}`,
      'sh',
      '-exc',
      `${script}osctl pool export tank\n`,
    ],
    { cwd: dir },
  )
  t.match(stdout, /^web1$/m, 'what a program in it prints')
  t.match(stdout, /^tank +web1 +web1 +\/default +debian +13 +running/m, 'the list')
  t.match(stderr, /^\+ osctl debug locks ls$/m, 'all was typed')
})
