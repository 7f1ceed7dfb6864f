// Places where nothing can be done: a full disk, a read-only pool, no liblxc, no root, a file that
// somebody has broken by hand. Each is told by its own error, and what is good goes on.
import { execFile, execFileSync } from 'node:child_process'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import {
  ConfigBrokenError,
  ExistsError,
  PoolFullError,
  PoolReadOnlyError,
  type Host,
} from 'vpsadminos'
import { mounted } from '../helpers/image.js'
import { requires } from '../helpers/requires.js'
import { busyboxArchive, systemHost, testDirectory } from '../helpers/system.js'
import { refused } from '../helpers/unchanged.js'

const t = requires('root', 'userns', 'liblxc', 'busybox', 'tar')

const archive = await busyboxArchive(t)
const busybox = { distribution: 'busybox', version: '1' }
const image = { distribution: 'busybox' }
const importImage = (host: Host, pool: string): Promise<unknown> =>
  host.images.import({ path: archive, ...busybox, pool })

// Before the host: where / is no shared mount, its keeper sees none that come later.
const small = mounted(t, '-t', 'tmpfs', '-o', 'size=16m,mode=0711', 'tmpfs')
const host = await systemHost(t)
await importImage(host, 'tank')
const dist = new URL('../../dist/index.js', import.meta.url).href

await t.test('a full disk', async (t) => {
  const path = join(small, 'full')
  await host.pools.install({ name: 'full', path })
  await importImage(host, 'full')
  const ct = await host.containers.create({ id: 'there', pool: 'full', image })
  const filler = join(small, 'filler')
  t.throws(() => writeFileSync(filler, Buffer.alloc(32 * 2 ** 20)), { code: 'ENOSPC' })
  await refused(
    t,
    host,
    PoolFullError,
    { code: 'ERR_POOL_FULL' },
    {
      create: () => host.containers.create({ id: 'new', pool: 'full', image }),
      set: () => ct.set({ memoryLimit: '64 MiB' }),
      'a user': () => host.users.create({ name: 'new', pool: 'full' }),
      'an image': () =>
        host.images.import({ path: archive, distribution: 'x', version: '1', pool: 'full' }),
    },
    { times: false },
  )
  rmSync(filler)
  t.match(await ct.set({ memoryLimit: '64 MiB' }), { applied: ['memoryLimit'] })
  await ct.delete()
  await host.pools.export('full')
  rmSync(path, { recursive: true })
})

await t.test('a read-only pool', async (t) => {
  const path = join(small, 'readonly')
  await host.pools.install({ name: 'readonly', path })
  await importImage(host, 'readonly')
  await host.containers.create({ id: 'there', pool: 'readonly', image })
  await host.pools.export('readonly')
  execFileSync('mount', ['-o', 'remount,ro', small])
  await host.pools.import({ name: 'readonly', path })
  const ct = host.containers.get('readonly:there')
  await refused(
    t,
    host,
    PoolReadOnlyError,
    { code: 'ERR_POOL_READ_ONLY' },
    {
      create: () => host.containers.create({ id: 'new', pool: 'readonly', image }),
      set: () => ct.set({ memoryLimit: '64 MiB' }),
      rename: () => ct.rename('other'),
      delete: () => ct.delete(),
      'a user': () => host.users.create({ name: 'new', pool: 'readonly' }),
      'a group': () => host.groups.create({ path: '/new', pool: 'readonly' }),
      'an image': () =>
        host.images.import({ path: archive, distribution: 'x', version: '1', pool: 'readonly' }),
      install: () => host.pools.install({ name: 'more', path: join(small, 'more') }),
    },
  )
  await host.pools.export('readonly')
  execFileSync('mount', ['-o', 'remount,rw', small])
  await host.pools.import({ name: 'readonly', path })
  t.match(await host.containers.get('readonly:there').delete(), { leftovers: [] })
  await host.pools.export('readonly')
})

await t.test('a file that was broken by hand', async (t) => {
  const path = join(small, 'edited')
  await host.pools.install({ name: 'edited', path })
  await importImage(host, 'edited')
  const [first, ...others] = await Promise.all(
    ['first', 'second', 'third', 'fourth'].map((id) =>
      host.containers.create({ id, pool: 'edited', image }),
    ),
  )
  const file = (id: string): string => join(path, 'conf/ct', `${id}.yml`)
  const edit = (id: string, change: (text: string) => string): void =>
    writeFileSync(file(id), change(readFileSync(file(id), 'utf8')))
  const lineOf = (id: string, text: string): number =>
    readFileSync(file(id), 'utf8').split('\n').indexOf(text) + 1

  // While the pool is in use: nothing may be written over what a person has written.
  edit('first', (text) => text.replace('nesting: false', 'nesting: [false'))
  await refused(
    t,
    host,
    ConfigBrokenError,
    { code: 'ERR_CONFIG_BROKEN', path: file('first'), line: Number, column: Number },
    { 'set on a broken file': () => first?.set({ hostname: 'new' }) },
  )
  edit('second', (text) => text.replace(/^user: .*$/m, 'user: [1]'))
  edit('third', (text) => text.replace(/^group: .*$/m, 'group: /none'))
  const [userLine, broken] = [lineOf('second', 'user: [1]'), readFileSync(file('first'), 'utf8')]

  await host.pools.export('edited')
  await host.pools.import({ name: 'edited', path })
  const reasons = new Map(
    host.pools
      .get('edited')
      .show()
      .broken.map(({ path, reason }) => [path, reason]),
  )
  t.equal(reasons.size, 3)
  t.match(reasons.get(file('first')), /first\.yml:\d+:\d+: /)
  t.match(reasons.get(file('second')), `second.yml:${userLine}:`)
  t.match(reasons.get(file('third')), /group '\/none' does not exist/)
  t.strictSame(
    host.containers.list({ pool: 'edited' }).map(({ id }) => id),
    ['fourth'],
    'the pool goes on with what is good',
  )
  await refused(
    t,
    host,
    ExistsError,
    { code: 'ERR_EXISTS' },
    {
      'the id of a broken one': () =>
        host.containers.create({ id: 'first', pool: 'edited', image }),
    },
  )
  const fourth = host.containers.get('edited:fourth')
  await fourth.start()
  t.equal((await fourth.exec(['true'])).exitCode, 0)
  await fourth.kill()
  t.equal(readFileSync(file('first'), 'utf8'), broken, 'it is as it was written')

  await host.pools.export('edited')
  edit('first', (text) => text.replace('nesting: [false', 'nesting: false'))
  await host.pools.import({ name: 'edited', path })
  t.match(host.containers.show('edited:first'), { state: 'stopped' }, 'mended, it is there again')
  t.equal(others.length, 3)
  await host.pools.export('edited')
})

/** What another process prints, which has the package and these things at hand. */
/** @param by what it is run by: a program with its arguments */
async function elsewhere(
  script: string,
  env: NodeJS.ProcessEnv = {},
  by: readonly string[] = [],
): Promise<unknown> {
  const prelude = `
    import * as package_ from ${JSON.stringify(dist)}
    import { existsSync, readdirSync } from 'node:fs'
    const { Host } = package_
    const told = (error) => ({
      kind: Object.keys(package_).find((name) =>
        package_[name]?.prototype instanceof Error && error.constructor === package_[name]),
      code: error.code,
      message: error.message,
    })
  `
  const args = ['--input-type=module', '-e', prelude + script]
  const options = { env: { ...process.env, ...env }, timeout: 60_000 }
  const [program = '', ...rest] = [...by, process.execPath, ...args]
  return JSON.parse((await promisify(execFile)(program, rest, options)).stdout)
}

await t.test('without liblxc', async (t) => {
  const answer = await elsewhere(
    `
    const host = await Host.temporary()
    const { lxc, missing } = await host.features()
    await host.images.import({ path: ${JSON.stringify(archive)}, distribution: 'busybox', version: '1' })
    const ct = await host.containers.create({ id: 'one', image: { distribution: 'busybox' } })
    const error = await ct.start().then(() => null, told)
    const { state, cgroup } = ct.show()
    const left = (await host.audit()).leftovers
    const groups = readdirSync('/sys/fs/cgroup').filter((name) =>
      existsSync('/sys/fs/cgroup/' + name + '/' + cgroup))
    await host.close()
    const needed = missing.filter(({ required }) => required).map(({ feature }) => feature)
    console.log(JSON.stringify({ lxc, needed, error, state, left, groups }))
    `,
    { VPSADMINOS_LIBLXC: '/nonexistent/liblxc.so.1' },
  )
  t.match(answer, {
    lxc: { state: 'missing', soname: 'liblxc.so.1', reason: /nonexistent/ },
    needed: ['lxc'],
    error: { kind: 'LibraryMissingError', code: 'ERR_LIBRARY_MISSING', message: /nonexistent/ },
    state: 'stopped',
    left: [],
    groups: [],
  })
})

await t.test('without root', async (t) => {
  const directory = testDirectory(t)
  // In a user namespace without a map: Debian's Node.js does not change its ids itself.
  const answer = await elsewhere(
    `
    const options = { stateDir: ${JSON.stringify(join(directory, 'state'))} }
    let open, temporary, same = false
    // What is of others on this machine comes and goes there, and not always.
    for (let round = 0; round < 10 && !same; round++) {
      const before = readdirSync('/run').join()
      open = await Host.open(options).then(() => null, told)
      temporary = await Host.temporary().then(() => null, told)
      same = before === readdirSync('/run').join()
    }
    console.log(JSON.stringify({ open, temporary, same }))
    `,
    {},
    ['unshare', '--user'],
  )
  const error = { kind: 'NotRootError', code: 'ERR_NOT_ROOT', message: /needs root/ }
  t.match(answer, { open: error, temporary: error, same: true })
  t.strictSame(execFileSync('ls', ['-A', directory], { encoding: 'utf8' }), '')
})
