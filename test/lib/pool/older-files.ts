// Files as vpsAdminOS wrote them once and reads them today: nothing in them is broken, and what is changed is what was
// to be.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Host } from 'vpsadminos'
import { limitsListed, limitsMapped, olderFiles } from '../../helpers/original-pool.js'
import { requires } from '../../helpers/requires.js'
import { testDirectory } from '../../helpers/system.js'

const t = requires('root', 'userns', 'liblxc', 'cgroup')
const host = await Host.temporary()
t.teardown(() => host.close())
const pool = { name: 'older', path: join(testDirectory(t), 'older') }
const range = 'start_id: 1000000\nblock_size: 65536\nblock_count: 65520\nallocations:\n'
const files = {
  ...olderFiles,
  'pool/config.yml': '---\nparallel_start:\nparallel_stop: 5\n',
  'id-range/default.yml': `---
${range}- index: 3
  count: 2
  owner:
- index: 62000
  count: 1
  owner: user:old
attrs: {}
`,
  // As this library did.
  'id-range/ours.yml': `${range}  - block_index: 61998\n    block_count: 1\n    owner: x\n`,
}
const textOf = (name: string) => readFileSync(join(pool.path, 'conf', name), 'utf8')

await host.pools.install(pool)
await host.pools.export('older')
for (const [name, text] of Object.entries(files)) {
  const path = join(pool.path, 'conf', name)
  mkdirSync(dirname(path), { recursive: true, mode: 0o500 })
  writeFileSync(path, text, { mode: 0o400 })
}

await t.test('all of them are understood', async (t) => {
  const shown = (await host.pools.import(pool)).show()
  t.same(shown.broken, [])
  t.match(shown, { users: 1, groups: 4, containers: 2, parallelStart: 2, parallelStop: 5 })
  const map = ['0:4064232000:65536']
  t.match(host.users.get('older:old').show(), { uidMap: map, gidMap: map, standalone: true })
  t.match(host.groups.get('older:/older').show(), { memoryLimit: 2 ** 30 })
  t.match(host.containers.show('older:103'), {
    arch: 'x86_64',
    netif: null,
    memoryLimit: 2 ** 29,
    autostart: { priority: 10, delay: 5 },
    ephemeral: false,
    nesting: false,
    rawLxc: null,
  })
  t.same(host.containers.show('older:103').prlimits, {
    nofile: { soft: 1024, hard: 4096 },
    core: { soft: 0, hard: 'unlimited' },
  })
  t.same(host.containers.show('older:104').prlimits, {})
  t.match(host.idRanges.get('older:default').table('allocated'), [
    { blockIndex: 3, blockCount: 2, owner: null },
    { blockIndex: 62000, blockCount: 1, owner: 'user:old' },
  ])
  t.match(host.idRanges.get('older:ours').table('allocated'), [{ blockIndex: 61998, owner: 'x' }])
})

await t.test('one limit is changed', async (t) => {
  const ct = host.containers.get('older:103')
  await ct.set({ prlimits: { nofile: { soft: 2048, hard: 4096 } } })
  t.equal(textOf('ct/103.yml'), olderFiles['ct/103.yml'].replace(limitsListed, limitsMapped))
  await host.containers.get('older:104').set({ prlimits: { nproc: 7 } })
  t.equal(
    textOf('ct/104.yml'),
    olderFiles['ct/104.yml'].replace(
      'prlimits: []',
      'prlimits:\n  nproc:\n    soft: 7\n    hard: 7',
    ),
  )
})

await t.test('users and groups are noted something of', async (t) => {
  const note = { 'org.example:a': 'b' }
  await host.users.get('older:old').attributes.set(note)
  t.equal(textOf('user/old.yml'), `${olderFiles['user/old.yml']}attrs:\n  org.example:a: b\n`)
  await host.groups.get('older:/bare').attributes.set(note)
  t.equal(
    textOf('group/bare/config.yml'),
    olderFiles['group/bare/config.yml'].replace('attrs:\n', 'attrs:\n  org.example:a: b\n'),
  )
})

await t.test('what is written is what vpsAdminOS reads', async (t) => {
  await host.idRanges.get('older:ours').allocate({ blockIndex: 61999, owner: 'y' })
  t.equal(
    textOf('id-range/ours.yml'),
    `${range}  - index: 61998\n    count: 1\n    owner: "x"\n` +
      '  - index: 61999\n    count: 1\n    owner: "y"\n',
  )
  await host.pools.export('older')
  t.same((await host.pools.import(pool)).show().broken, [])
  await host.pools.export('older')
})
