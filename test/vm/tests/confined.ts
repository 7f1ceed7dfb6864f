// What the engine finds on the kernels of distributions, and that its containers are confined there in every way.
import { chosen } from '../distribution.js'
import { requires } from '../../helpers/requires.js'
import { Lab, projectInGuest } from '../lab.js'

const t = requires('root', 'qemu', 'mmdebstrap')
t.setTimeout(0)

const script = `
  import { closeSync, openSync, readFileSync, readSync } from 'node:fs'
  import { execFileSync, spawnSync } from 'node:child_process'
  import { Host } from 'vpsadminos'
  const host = await Host.temporary()
  execFileSync('images/busybox/build.sh', ['/tmp/busybox.tar'])
  await host.images.import({ path: '/tmp/busybox.tar', distribution: 'busybox', version: '1' })
  const security = '/sys/kernel/security/apparmor/'
  // Its end is never reached: a second read waits for the next change.
  const revision = () => {
    const buffer = Buffer.alloc(32)
    const fd = openSync(security + 'revision')
    const length = readSync(fd, buffer)
    closeSync(fd)
    return buffer.toString('utf8', 0, length).trim()
  }
  const start = async (id) => {
    const ct = await host.containers.create({ id, image: { distribution: 'busybox' } })
    await ct.start()
    return { ct, initPid: ct.show().initPid }
  }
  const { ct, initPid } = await start('one')
  const loads = revision()
  const two = await start('two')
  const of = (pid, name) => readFileSync('/proc/' + pid + '/' + name, 'utf8').trim()
  const read = (name) => of(initPid, name)
  // A process with all rights in the container's cgroup: only the device program stands in its way.
  const opens = (device) => {
    const script = 'echo $$ >"/sys/fs/cgroup$1/cgroup.procs"; exec head -c 1 "$2" 2>&1'
    const args = ['-c', script, 'sh', read('cgroup').slice('0::'.length), device]
    const { status, stdout } = spawnSync('sh', args, { encoding: 'latin1' })
    return status === 0 ? 'opened' : stdout
  }
  const status = Object.fromEntries(read('status').split('\\n').map((line) => line.split(':\\t')))
  const inside = await ct.exec(['cat', '/proc/self/attr/current'])
  console.log(JSON.stringify({
    label: read('attr/current'),
    exec: inside.stdout.toString().trim(),
    cgroup: read('cgroup'),
    uid: status.Uid.split('\\t')[0],
    seccomp: status.Seccomp,
    second: of(two.initPid, 'attr/current'),
    loaded: readFileSync(security + 'profiles', 'utf8').split('\\n').filter((line) => line === read('attr/current')).length,
    loads: [loads, revision()],
    zero: opens('/dev/zero'),
    disk: opens('/dev/vda'),
  }))
  await host.close()
`

interface Found {
  readonly label: string
  readonly exec: string
  readonly cgroup: string
  readonly uid: string
  readonly seccomp: string
  readonly second: string
  readonly loaded: number
  /** AppArmor's count of changes, before a second container and after it. */
  readonly loads: readonly string[]
  readonly zero: string
  readonly disk: string
}

for (const distribution of chosen()) {
  t.test(distribution, async (t) => {
    await using lab = await Lab.open({ distribution })
    await using machine = await lab.machine()
    const args = ['node', '--input-type=module', '-e', script]
    const { code, stdout, stderr } = await machine.run(args, { cwd: projectInGuest, env: lab.env })
    t.equal(code, 0, stderr)
    const found = JSON.parse(stdout) as Found
    t.comment(stdout)
    t.match(found.label, /^vpsadminos-container-\w+ \(enforce\)$/, "init's profile")
    t.equal(found.exec, found.label, "an exec's profile")
    t.equal(found.second, found.label, "another container's")
    t.equal(found.loaded, 1, 'is there once')
    t.equal(found.loads[1], found.loads[0], 'and was not loaded again for a start')
    t.match(found.cgroup, /^0::\/.*ct\./, 'one hierarchy')
    t.ok(Number(found.uid) >= 65536, 'an id of its own')
    t.equal(found.seccomp, '2', 'a filter')
    t.equal(found.zero, 'opened', 'a device that every container has')
    t.match(found.disk, /Operation not permitted/, "the host's disk")
  })
}
