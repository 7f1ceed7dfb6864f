// What the engine finds on a stock Debian 13, and that its containers are confined there in every way.
import { requires } from '../../helpers/requires.js'
import { Lab, projectInGuest } from '../lab.js'

const t = requires('root', 'qemu', 'mmdebstrap')
t.setTimeout(0)

const script = `
  import { readFileSync } from 'node:fs'
  import { execFileSync } from 'node:child_process'
  import { Host } from 'vpsadminos'
  const host = await Host.temporary()
  execFileSync('images/busybox/build.sh', ['/tmp/busybox.tar'])
  await host.images.import({ path: '/tmp/busybox.tar', distribution: 'busybox', version: '1' })
  const ct = await host.containers.create({ id: 'one', image: { distribution: 'busybox' } })
  await ct.start()
  const { initPid } = await ct.show()
  const read = (name) => readFileSync('/proc/' + initPid + '/' + name, 'utf8').trim()
  const status = Object.fromEntries(read('status').split('\\n').map((line) => line.split(':\\t')))
  const inside = await ct.exec(['cat', '/proc/self/attr/current'])
  console.log(JSON.stringify({
    label: read('attr/current'),
    exec: inside.stdout.toString().trim(),
    cgroup: read('cgroup'),
    uid: status.Uid.split('\\t')[0],
    seccomp: status.Seccomp,
    features: await host.features(),
  }))
  await host.close()
`

interface Found {
  readonly label: string
  readonly exec: string
  readonly cgroup: string
  readonly uid: string
  readonly seccomp: string
  readonly features: unknown
}

const lab = await Lab.open()
t.teardown(() => lab[Symbol.asyncDispose]())
await using machine = await lab.machine()
const { code, stdout, stderr } = await machine.run(['node', '--input-type=module', '-e', script], {
  cwd: projectInGuest,
  env: lab.env,
})
t.equal(code, 0, stderr)
const found = JSON.parse(stdout) as Found
t.comment(stdout)
t.match(found.label, /^vpsadminos-container-\w+ \(enforce\)$/, "init's profile")
t.match(found.exec, /^vpsadminos-container-\w+ \(enforce\)$/, "an exec's profile")
t.match(found.cgroup, /^0::\/.*ct\./, 'one hierarchy')
t.ok(Number(found.uid) >= 65536, 'an id of its own')
t.equal(found.seccomp, '2', 'a filter')
