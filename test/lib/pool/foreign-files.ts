// Files of pools from elsewhere: a link, a FIFO or a device where a file should be leads root nowhere, and keeps nobody
// waiting.
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { readdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Container } from 'vpsadminos'
import { busybox, busyboxImage, temporaryHost } from '../../helpers/host.js'
import { requires } from '../../helpers/requires.js'

const t = requires('root', 'userns', 'liblxc', 'cgroup', 'busybox')
const host = await temporaryHost(t)
const dir = mkdtempSync(join(tmpdir(), 'foreign-'))
t.teardown(() => rmSync(dir, { recursive: true, force: true }))
const path = join(dir, 'pool')
const at = (name: string): string => join(path, name)

// What no pool may touch.
const victim = join(dir, 'victim')
const SECRET = 'secret of the host\n'
const elsewhere = join(dir, 'elsewhere')
mkdirSync(elsewhere)
writeFileSync(victim, SECRET)
chmodSync(victim, 0o600)
writeFileSync(join(elsewhere, 'secret'), SECRET)
chmodSync(elsewhere, 0o700)

await host.pools.install({ name: 'p2', path })
await host.pools.get('p2').images.import({
  path: busyboxImage(t),
  distribution: 'busybox',
  version: '1',
})
for (const id of ['good', 'bad']) {
  await host.containers.create({ id, pool: 'p2', image: busybox })
}

const KINDS = ['link', 'fifo', 'device'] as const
type Kind = (typeof KINDS)[number]

function plant(kind: Kind, name: string): void {
  rmSync(at(name), { recursive: true, force: true })
  if (kind === 'link') symlinkSync(victim, at(name))
  else if (kind === 'fifo') execFileSync('mkfifo', [at(name)])
  else execFileSync('mknod', [at(name), 'c', '1', '5'])
}

const exported = async (change: () => void): Promise<void> => {
  if (host.pools.find('p2') !== null) await host.pools.export('p2')
  change()
}

const imported = () => host.pools.import({ name: 'p2', path })

/** As a pool that was written by somebody else. */
async function importWith(change: () => void) {
  await exported(change)
  return (await imported()).show()
}

/** What is there meanwhile is put back at the end. */
async function instead(name: string, work: () => Promise<void>): Promise<void> {
  const kept = join(dir, 'kept')
  const was = lstatSync(at(name), { throwIfNoEntry: false })
  if (was !== undefined) renameSync(at(name), kept)
  try {
    await work()
  } finally {
    await exported(() => {
      rmSync(at(name), { recursive: true, force: true })
      if (was !== undefined) renameSync(kept, at(name))
    })
    await imported()
  }
}

function unharmed(t: Tap): void {
  t.equal(readFileSync(victim, 'utf8'), SECRET)
  t.equal(statSync(victim).mode & 0o777, 0o600)
  t.same(readdirSync(elsewhere), ['secret'])
  t.equal(statSync(elsewhere).mode & 0o777, 0o700)
}
type Tap = typeof t

const get = (id: string): Container => host.containers.get(`p2:${id}`)

/** Also: no thread of Node waits for anything. */
async function goesOn(t: Tap): Promise<void> {
  await get('good').start()
  await get('good').stop({ method: 'kill' })
  await Promise.all(Array.from({ length: 8 }, () => readdir('/')))
  unharmed(t)
}

const broken = (path: string) => ({ code: 'ERR_CONFIG_BROKEN', path })

await t.test('logs that liblxc would write to', async (t) => {
  for (const name of ['log/ct/bad.log', 'log/ct/bad.console']) {
    for (const kind of KINDS) {
      await instead(name, async () => {
        await importWith(() => plant(kind, name))
        await t.rejects(get('bad').start(), broken(at(name)), `${name} ${kind}`)
        await t.rejects(get('bad').exec(['true'], { run: true }), broken(at(name)))
        await t.rejects(get('bad').lxc(), broken(at(name)))
        t.equal(get('bad').state, 'stopped')
        t.same(host.locks(), [])
        await goesOn(t)
      })
    }
  }
  t.same((await host.audit()).leftovers, [])
  await get('bad').start()
  await get('bad').stop({ method: 'kill' })
})

await t.test('readers of a console', async (t) => {
  for (const kind of KINDS) {
    for (const name of ['log/ct/bad.console', 'log/ct/bad.console.1']) {
      await instead(name, async () => {
        await importWith(() => plant(kind, name))
        const readers = Array.from({ length: 6 }, async () => {
          for await (const _output of get('bad').console()) break
        })
        await Promise.all(readers.map((reader) => t.rejects(reader, broken(at(name)), name + kind)))
        await goesOn(t)
      })
    }
  }
})

await t.test('the console log of a container that is made', async (t) => {
  const name = 'log/ct/new.console'
  for (const kind of KINDS) {
    plant(kind, name)
    await t.rejects(
      host.containers.create({ id: 'new', pool: 'p2', image: busybox }),
      broken(at(name)),
    )
    await t.rejects(host.containers.copy('p2:good', 'new'), {
      code: 'ERR_CONFIG_BROKEN',
    })
    t.equal(host.containers.find('p2:new'), null)
    unharmed(t)
  }
  rmSync(at(name))
})

await t.test('the lock of a pool, and what says that it is one', async (t) => {
  for (const name of ['.lock', 'osctl-pool.yml', 'conf/pool/config.yml']) {
    for (const kind of KINDS) {
      await exported(() => renameSync(at(name), join(dir, 'kept')))
      plant(kind, name)
      await t.rejects(imported(), broken(at(name)), `${name} ${kind}`)
      unharmed(t)
      rmSync(at(name))
      renameSync(join(dir, 'kept'), at(name))
      await imported()
    }
  }
  await goesOn(t)
})

await t.test('files of configuration', async (t) => {
  for (const name of ['conf/ct/bad.yml', 'conf/user/bad.yml', 'conf/group/x/config.yml']) {
    for (const kind of [...KINDS, 'huge', 'directory'] as const) {
      await instead(name, async () => {
        const { broken } = await importWith(() => {
          // An empty one is removed.
          mkdirSync(dirname(at(name)), { recursive: true })
          if (kind === 'directory') mkdirSync(at(name))
          else if (kind === 'huge') {
            writeFileSync(at(name), 'user: bad\n')
            truncateSync(at(name), 2 ** 40)
          } else plant(kind, name)
        })
        const reason = broken.find(({ path }) => path === at(name))?.reason ?? ''
        t.match(reason, /is a link|is no regular file|is longer than 1048576 bytes/, name + kind)
        await goesOn(t)
      })
    }
  }
  await instead('conf/id-range/default.yml', async () => {
    const { broken } = await importWith(() => plant('fifo', 'conf/id-range/default.yml'))
    t.match(broken, [{ path: at('conf/id-range/default.yml') }])
  })
  await t.test('one that has become something else meanwhile', async (t) => {
    await instead('conf/ct/bad.yml', async () => {
      plant('fifo', 'conf/ct/bad.yml')
      await t.rejects(get('bad').set({ hostname: 'x' }), broken(at('conf/ct/bad.yml')))
      await t.rejects(get('bad').reloadConfig(), broken(at('conf/ct/bad.yml')))
      await goesOn(t)
    })
  })
})

await t.test('directories of groups that go on and on', async (t) => {
  // Of a path that no kernel takes: so it is put together from its end.
  let top = join(dir, 'level')
  mkdirSync(top)
  for (let level = 1; level < 50; level++) {
    const above = join(dir, `level-${level}`)
    mkdirSync(above)
    renameSync(top, join(above, 'x'.repeat(90)))
    top = above
  }
  const file = at(`conf/group/${'a/'.repeat(33)}config.yml`)
  const nameless = Buffer.concat([Buffer.from(at('conf/group/')), Buffer.from([0xff])])
  const { state, groups, broken } = await importWith(() => {
    renameSync(top, at('conf/group/deep'))
    mkdirSync(nameless)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, 'cgparams: []\n')
  })
  t.match({ state, groups }, { state: 'active', groups: 2 })
  t.match(broken, [{ path: file, reason: /its path as a group .* up to 32 parts/ }])
  t.equal(broken.length, 1)
  await goesOn(t)
  await exported(() => {
    rmdirSync(nameless)
    execFileSync('rm', ['-r', at('conf/group/deep'), at('conf/group/a')])
  })
  t.same((await imported()).show().broken, [])
})

await t.test('histories', async (t) => {
  for (const name of ['log/.history', 'log/.history.1']) {
    for (const kind of KINDS) {
      await instead(name, async () => {
        await importWith(() => plant(kind, name))
        const { history } = host.pools.get('p2')
        if (name === 'log/.history')
          await t.rejects(history.append({ cmd: 'ct_start' }), broken(at(name)), kind)
        const all = async () => {
          for await (const _entry of history.entries());
        }
        await t.rejects(all(), broken(at(name)), kind)
        await goesOn(t)
      })
    }
  }
  await t.test('one without an end of a line', async (t) => {
    await instead('log/.history', async () => {
      writeFileSync(at('log/.history'), '{"time":1,"cmd":"first"}\n')
      truncateSync(at('log/.history'), 2 ** 27)
      const before = process.memoryUsage().arrayBuffers
      const cmds: string[] = []
      for await (const { cmd } of host.pools.get('p2').history.entries()) cmds.push(cmd)
      t.same(cmds, ['first'])
      t.ok(process.memoryUsage().arrayBuffers - before < 2 ** 26)
    })
  })
})

await t.test('directories of the pool', async (t) => {
  for (const name of [
    'log',
    'log/ct',
    'ct',
    'conf/ct',
    'trash',
    'repository',
    'repository/images',
  ]) {
    await exported(() => renameSync(at(name), join(dir, 'kept')))
    symlinkSync(elsewhere, at(name))
    await t.rejects(imported(), broken(at(name)), name)
    unharmed(t)
    rmSync(at(name))
    renameSync(join(dir, 'kept'), at(name))
    await imported()
  }
  await goesOn(t)
})

await t.test('the directory of a container', async (t) => {
  const [tree = ''] = readdirSync(at('ct/bad')).filter((name) => name !== 'work')
  for (const name of ['ct/bad', `ct/bad/${tree}`]) {
    await instead(name, async () => {
      const { broken, containers } = await importWith(() => symlinkSync(elsewhere, at(name)))
      t.match(broken, [{ path: at('conf/ct/bad.yml') }], name)
      t.ok(broken[0]?.reason.startsWith(`${at(name)}: is a link`), broken[0]?.reason ?? '')
      t.equal(containers, 1)
      t.equal(host.containers.find('p2:bad'), null)
      await goesOn(t)
    })
  }
  await t.test('one that was to take its place', async (t) => {
    const file = at('conf/ct/bad.yml')
    const text = readFileSync(file, 'utf8')
    await importWith(() => {
      rmSync(file)
      writeFileSync(file, text.replace('vpsadminos:\n', 'vpsadminos:\n  reinstalling: replacing\n'))
      symlinkSync(elsewhere, at('ct/.bad.fresh'))
    })
    await t.rejects(get('bad').start(), { code: 'ERR_STATE' })
    unharmed(t)
    await importWith(() => {
      rmSync(at('ct/.bad.fresh'))
      rmSync(file)
      writeFileSync(file, text)
    })
    await get('bad').start()
    await get('bad').stop({ method: 'kill' })
  })
})

await t.test('the tree of an image', async (t) => {
  const [id = ''] = readdirSync(at('repository/images'))
  for (const name of [`repository/images/${id}/rootfs`, `repository/images/${id}`]) {
    await instead(name, async () => {
      await importWith(() => symlinkSync(elsewhere, at(name)))
      t.same(host.pools.get('p2').images.list(), [], name)
      await t.rejects(host.containers.create({ id: 'new', pool: 'p2', image: busybox }), {
        code: 'ERR_NOT_FOUND',
      })
      unharmed(t)
    })
  }
  const strange = `repository/images/a:b`
  await importWith(() => mkdirSync(at(strange)))
  t.equal(host.pools.get('p2').images.list().length, 1)
  rmSync(at(strange), { recursive: true })
  for (const kind of KINDS) {
    await instead(`repository/images/${id}/image.yml`, async () => {
      await importWith(() => plant(kind, `repository/images/${id}/image.yml`))
      t.same(host.pools.get('p2').images.list(), [])
      unharmed(t)
    })
  }
})

await t.test('directories that are called as files are that are being written', async (t) => {
  for (const kind of ['ct', 'user', 'id-range']) {
    const name = `conf/${kind}/.bad.yml.0123456789ab.new`
    t.match(await importWith(() => mkdirSync(at(name))), { state: 'active', broken: [] })
    rmSync(at(name), { recursive: true })
  }
})

await t.test('a seccomp policy', async (t) => {
  const file = at('conf/ct/bad.yml')
  const policy = join(dir, 'policy')
  const common = new URL('../../../share/seccomp/common.seccomp', import.meta.url)
  await get('bad').set({ seccompProfile: policy })
  const refused = async (why: RegExp) => {
    await t.rejects(get('bad').start(), { ...broken(file), message: why })
    t.equal(get('bad').state, 'stopped')
  }
  await refused(/seccomp_profile: '.*policy' is not there/)
  execFileSync('mkfifo', [policy])
  await refused(/'.*policy' is no regular file/)
  rmSync(policy)
  symlinkSync('/dev/zero', policy)
  await refused(/'.*policy' is no regular file/)
  rmSync(policy)
  symlinkSync(common.pathname, policy)
  await get('bad').start()
  await get('bad').stop({ method: 'kill' })
  await goesOn(t)
})

await t.test('nothing is left', async (t) => {
  for (const id of ['good', 'bad']) await get(id).delete({ force: true })
  t.same((await host.audit()).leftovers, [])
  t.same(host.locks(), [])
})
