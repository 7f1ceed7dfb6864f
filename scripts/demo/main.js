// The demo: three Debian system containers in two groups, from nothing and back to nothing.
//
//   node scripts/demo/main.js IMAGE.tar.zst SUITE [DATASET]
//
// With a dataset of ZFS its pool is below that one, and it shows what ZFS adds.
// Uses the public interface only. What is left behind is looked for by ./traces.js.

import { Host } from 'vpsadminos'
import { bytes, step, table, timings } from './steps.js'
import { traces } from './traces.js'

const [archive = '', suite = 'bookworm', dataset = ''] = process.argv.slice(2)
const version = suite === 'trixie' ? '13' : '12'
const onZfs = dataset !== ''
// How much slower than a machine this is: an emulated one says so.
const slowness = Number(process.env['TIME_FACTOR'] ?? 1)

const containers = [
  { id: 'web1', group: '/web', memoryLimit: '256 MiB', cpuLimit: 40, pidsLimit: 200 },
  { id: 'web2', group: '/web', memoryLimit: '256 MiB', cpuLimit: 50, pidsLimit: 200 },
  { id: 'db1', group: '/db', memoryLimit: '384 MiB', cpuLimit: 80, pidsLimit: 300 },
]

/** How a rootfs is made of the image. */
const modes = {
  clone: 'each a clone of the image, which shares its blocks',
  overlay: 'each an overlay of the image',
  reflink: 'each a copy of the image that shares its blocks',
  copy: 'each a copy of the image',
}
/** What one of them loses, and has again. */
const lost = '/etc/issue.net'

/** @param {import('vpsadminos').Host} host */
async function run(host) {
  await step(
    'import the image',
    (say) =>
      host.images.import(
        { path: archive, distribution: 'debian', version },
        { onProgress: ({ bytes: done, total }) => say(`${bytes(done)} of ${bytes(total)}`) },
      ),
    (image) => `${image.id}, ${image.entries} files, sha256 ${image.digest.slice(0, 12)}…`,
  )
  await step('make two groups', async () => {
    await host.groups.create({ path: '/web', memoryLimit: '512 MiB' })
    await host.groups.create({ path: '/db', cpuLimit: 80 })
  })
  const cts = await step(
    'create three containers',
    () =>
      Promise.all(
        containers.map((wanted) =>
          host.containers.create({
            ...wanted,
            hostname: `${wanted.id}.example.org`,
            image: { distribution: 'debian', version },
          }),
        ),
      ),
    (made) => modes[made[0]?.show().cloneMode ?? 'copy'],
  )
  await step(
    'start them',
    () => Promise.all(cts.map((ct) => ct.start())),
    (started) => `init is process ${started.map(({ initPid }) => initPid).join(', ')} of the host`,
  )
  await step(
    'wait until systemd says that they are ready',
    () => Promise.all(cts.map((ct) => ct.wait('ready', { timeout: 120_000 * slowness }))),
    (results) => [...new Set(results.map(({ status }) => status ?? '(no word)'))].join(', '),
  )
  for (const ct of cts) {
    await step(
      `is ${ct.id} running, without a failed unit?`,
      () => health(ct),
      ({ state }) => state,
    )
  }
  for (const ct of cts) {
    await step(
      `run a command in ${ct.id}`,
      () =>
        output(ct, [
          'sh',
          '-c',
          'echo "$(hostname), $(. /etc/os-release; echo "$PRETTY_NAME"), $(id -un) is $(awk "{print \\$2}" /proc/self/uid_map) outside"',
        ]),
      (line) => line,
    )
  }
  await step(
    'change a limit while it runs',
    () => changeLimit(cts[0]),
    (change) => change,
  )
  console.log(`\n${table(await rows(host))}\n`)
  if (onZfs) await snapshotAndSpoil(host)
  await step(
    'stop them',
    () => Promise.all(cts.map((ct) => ct.stop({ timeout: 30_000 * slowness }))),
    (results) => results.map(({ rung }) => `by ${rung}`).join(', '),
  )
  if (onZfs) await rollBack(cts[0])
  await step(
    'delete them',
    () => Promise.all(cts.map((ct) => ct.delete())),
    (receipts) => {
      const left = receipts.flatMap(({ leftovers }) => leftovers)
      if (left.length > 0) throw new Error(`left behind: ${JSON.stringify(left)}`)
      const gone = receipts.flatMap((receipt) => receipt.gone)
      return `nothing is left of ${gone.length} things in kernel and pool`
    },
  )
}

/** @param {import('vpsadminos').Host} host */
async function snapshotAndSpoil(host) {
  const ids = containers.map(({ id }) => id)
  await step(
    'snapshot all three in the same moment, while they run',
    async () => {
      await host.containers.snapshot(ids, 'demo')
      return Promise.all(ids.map((id) => host.containers.get(id).snapshots.list()))
    },
    (lists) =>
      lists.map((list, index) => `${ids[index]} with ${bytes(list[0]?.referenced)}`).join(', '),
  )
  const [id = ''] = ids
  await step(
    `delete /usr/share and ${lost} in ${id}`,
    async () => {
      const ct = host.containers.get(id)
      await output(ct, ['rm', '-rf', '/usr/share', lost])
      return ct.exec(['cat', lost])
    },
    ({ stderr, exitCode }) => {
      if (exitCode === 0) throw new Error(`${lost} is still there`)
      return stderr.trim()
    },
  )
}

/** @param {import('vpsadminos').Container | undefined} ct */
async function rollBack(ct) {
  if (ct === undefined) throw new Error('no container')
  await step(`roll ${ct.id} back to the snapshot`, () => ct.snapshots.rollback('demo'))
  await step(
    'is it as it was?',
    async () => (await (await ct.pull(lost)).toArray()).join('').trim(),
    (line) => {
      if (!line.startsWith('Debian')) throw new Error(`${lost} says '${line}'`)
      return `${lost} says '${line}'`
    },
  )
}

/** @param {import('vpsadminos').Container} ct */
async function health(ct) {
  // Some units may still be starting at the moment in which systemd calls itself ready.
  const { stdout } = await ct.exec(['systemctl', 'is-system-running', '--wait'])
  const failed = await output(ct, ['systemctl', 'list-units', '--failed', '--plain', '--no-legend'])
  const state = stdout.trim()
  if (state !== 'running' || failed !== '') {
    throw new Error(`${ct.id} is ${state}; failed units: ${failed === '' ? 'none' : failed}`)
  }
  return { state: `${state}, none failed` }
}

/** @param {import('vpsadminos').Container} ct @param {string[]} args */
async function output(ct, args) {
  const { stdout, stderr, exitCode } = await ct.exec(args)
  if (exitCode !== 0) throw new Error(`${ct.id}: ${args.join(' ')}: status ${exitCode}: ${stderr}`)
  return stdout.trim()
}

/** @param {import('vpsadminos').Container | undefined} ct */
async function changeLimit(ct) {
  if (ct === undefined) throw new Error('no container')
  // With version 1 of the cgroups a container sees by how much memory it is limited from above.
  const seen = async () => {
    const { stdout } = await ct.exec(['sh', '-c', 'cat /sys/fs/cgroup/memory/memory.stat'])
    const limit = /hierarchical_memory_limit (\d+)/.exec(stdout)?.[1]
    return limit === undefined ? '' : `, seen inside: ${bytes(Number(limit))}`
  }
  const kernel = async () => bytes((await ct.stats()).memoryLimit) + (await seen())
  const before = await kernel()
  await ct.set({ memoryLimit: '200 MiB' })
  const after = await kernel()
  if (!after.startsWith('200.0 MiB')) throw new Error(`the limit is ${after}`)
  return `memory of ${ct.id}: ${before} → ${after}`
}

/** @param {import('vpsadminos').Host} host */
async function rows(host) {
  const stats = await host.containers.stats()
  return host.containers.list().map((ct) => {
    const used = stats.get(ct.id)
    return {
      id: ct.id,
      group: ct.group,
      state: ct.state,
      'init pid': ct.initPid,
      memory: bytes(used?.memory),
      'memory limit': bytes(ct.memoryLimit),
      'cpu time': `${((used?.cpuUs ?? 0) / 1e6).toFixed(2)} s`,
      'cpu limit': ct.cpuLimit === null ? '-' : `${ct.cpuLimit} %`,
      processes: used?.pids ?? null,
    }
  })
}

/** @param {import('vpsadminos').Host} host */
function where(host) {
  const { dataset, path } = host.pools.get('tank').show()
  return dataset ?? path
}

console.log()
const host = await step(
  'open a temporary host',
  () => Host.temporary(onZfs ? { dataset } : {}),
  (open) => `its pool is in ${onZfs ? 'a dataset of ZFS' : 'a directory'}: ${where(open)}`,
)
const place = {
  paths: [host.stateDir, host.pools.get('tank').show().path],
  dataset: host.pools.get('tank').show().dataset,
  cgroupRoot: host.cgroupRoot,
  interfacePrefix: host.interfacePrefix,
}
let status = 0
try {
  await run(host)
  await step(
    'audit',
    () => host.audit(),
    ({ leftovers }) => {
      if (leftovers.length > 0) throw new Error(`left behind: ${JSON.stringify(leftovers)}`)
      return 'clean'
    },
  )
} catch (error) {
  console.error(error)
  status = 1
} finally {
  await step('close the host', () => host.close())
}
const left = traces(place)
if (left.length > 0) {
  console.log(`✗ left on the machine:\n    ${left.join('\n    ')}`)
  status = 1
} else {
  console.log(
    '✓ nothing is left: no process, mount, cgroup, dataset or network interface of the demo',
  )
}
console.log(`\n${timings()}`)
process.exitCode = status
