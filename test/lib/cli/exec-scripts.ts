// Shell scripts that use `osctl ct exec` and `osctl ct runscript` as they do with vpsAdminOS, run as they are.
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { daemonPlace, runOsctld } from '../../helpers/daemon.js'
import { requires } from '../../helpers/requires.js'

const t = requires('root', 'userns', 'cgroup', 'liblxc', 'busybox')
const place = await daemonPlace(t)
const osctld = await runOsctld(t, place)
t.teardown(async () => {
  osctld.kill()
  await once(osctld, 'exit')
})
const dir = mkdtempSync(join(tmpdir(), 'osctl-scripts-'))
t.teardown(() => rmSync(dir, { recursive: true }))
const osctl = fileURLToPath(new URL('../../../dist/cli/osctl.cjs', import.meta.url))
writeFileSync(join(dir, 'osctl'), `#!/bin/sh\nexec ${process.execPath} ${osctl} "$@"\n`, {
  mode: 0o755,
})

/** It runs with `set -e`, its input empty; answers what it printed, stderr after stdout. */
function script(text: string): string {
  const { stdout, stderr, status } = spawnSync('/bin/sh', ['-ec', text], {
    cwd: dir,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: `${dir}:/usr/sbin:/usr/bin:/sbin:/bin`, OSCTLD_SOCKET: place.socket },
  })
  return `${stdout}${stderr}${status === 0 ? '' : `ended with ${status}\n`}`
}

script('osctl ct new --distribution busybox testct')

const FAILED = 'error: executed command failed\n'
const running = async (options: string, start: string) =>
  t.test(`ct exec${options}`, (t) => {
    t.equal(script(start), '')
    const exec = `osctl ct exec${options} testct`
    t.equal(script(`${exec} echo hello`), 'hello\n', 'stdout')
    t.equal(script(`${exec} sh -c 'echo hello >&2' 2>&1 >/dev/null`), 'hello\n', 'stderr')
    t.equal(script(`echo hello | ${exec} cat`), 'hello\n', 'stdin')
    t.equal(script(`test "$(${exec} pwd)" = /root`), '')
    t.equal(script(`${exec} sh -c 'exit 33'`), `${FAILED}ended with 33\n`, 'exit status')
    const notThere = script(`${exec} not-there`)
    t.match(notThere, /^error: .*not-there.*\nended with 127\n$/, 'one that is not there')
    t.match(script(`${exec} /etc/passwd`), /^error: .*\nended with 126\n$/, 'one that is none')
    t.equal(script(`${exec} false || echo "failed with $?"`), `failed with 1\n${FAILED}`)
    t.equal(script(`for i in 1 2 3; do ${exec} echo $i; done`), '1\n2\n3\n')
    t.end()
  })

const scripts = async (options: string) =>
  t.test(`ct runscript${options}`, (t) => {
    const run = `osctl ct runscript${options} testct`
    script(`printf '#!/bin/sh\\necho "got $*"; echo err >&2; cat; exit 33\\n' >file.sh`)
    const end = `err\n${FAILED}ended with 33\n`
    t.equal(script(`${run} file.sh`), `got \n${end}`)
    t.equal(
      script(`${run} ./file.sh one "two words" --three -r`),
      `got one two words --three -r\n${end}`,
    )
    t.equal(script(`echo hello | ${run} file.sh one`), `got one\nhello\n${end}`, 'stdin')
    t.equal(script(`cat file.sh | ${run} - one two`), `got one two\n${end}`, 'a script of stdin')
    t.equal(script(`${run} - <<'END'\n#!/bin/sh\necho from here\nEND`), 'from here\n')
    t.equal(script(`osctl ct exec${options} testct sh -c 'ls -A / | grep runscript || true'`), '')
    t.end()
  })

await running(' -r', 'test "$(osctl ct ls -H -o state testct)" = stopped')
await running(' --run-container --network', 'test "$(osctl ct ls -H -o state testct)" = stopped')
await scripts(' -r')
await scripts(' -rn')

await t.test('what the container is afterwards', (t) => {
  t.equal(script('osctl ct ls -H -o state,init_pid testct'), 'stopped  -\n')
  t.match(script('osctl ct exec testct true'), /^error: .*running\n[^]*ended with 1\n$/)
  t.match(script('osctl ct runscript testct file.sh'), /^error: .*running\n[^]*ended with 1\n$/)
  const touch = 'osctl ct exec -r testct touch /root/made && osctl ct start testct 2>/dev/null &&'
  t.equal(script(`${touch} osctl ct exec testct ls /root`), 'made\n', 'it may be started at once')
  t.end()
})

await running('', 'test "$(osctl ct ls -H -o state testct)" = running')
await running(' -r', 'test "$(osctl ct ls -H -o state testct)" = running')
await scripts('')

if (!t.passing()) t.comment(script('osctl ct log cat testct'))
