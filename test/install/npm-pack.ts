// The package as it is published works where it is installed, and holds what it should. It takes longest of all, so
// that it is begun early: files are run in the order of their names.
import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { scratch } from '../helpers/image.js'
import { linksIn } from '../helpers/links.js'
import { requires } from '../helpers/requires.js'

// Without prebuilt binaries, an installation compiles.
const t = requires('g++', 'make', 'python3')
t.setTimeout(900_000)

const run = promisify(execFile)
const npm = (cwd: string, ...args: string[]): Promise<{ stdout: string }> =>
  run('npm', [...args, '--no-audit', '--no-fund', '--prefer-offline'], {
    cwd,
    maxBuffer: 1e8,
    // How fast it is does not matter here, and how long it takes to compile does.
    env: {
      ...process.env,
      CXXFLAGS: '-O0',
      npm_config_nodedir: process.env['npm_config_nodedir'] ?? nodedir(),
    },
  })

// Node's own headers, where they are beside it, so that none have to be downloaded.
function nodedir(): string | undefined {
  return (
    (process.config.variables as { nodedir?: string }).nodedir ?? join(process.execPath, '../..')
  )
}

t.test('pack, install elsewhere, import, features', async (t) => {
  const folder = scratch(t)
  const { stdout } = await npm(
    '.',
    'pack',
    '--json',
    '--ignore-scripts',
    '--pack-destination',
    folder,
  )
  const [packed] = JSON.parse(stdout) as { filename: string; files: { path: string }[] }[]
  const files = packed?.files.map(({ path }) => path) ?? []
  for (const wanted of [
    'LICENSE',
    'README.md',
    'CHANGELOG.md',
    'CONTRIBUTING.md',
    'binding.gyp',
    'dist/index.js',
    'dist/index.d.ts',
    'docs/settings.md',
    'images/busybox/build.sh',
    'images/debian/build.sh',
    'native/addon.gypi',
    'native/init/init.cc',
    'native/keeper/README.md',
    'types/native.d.ts',
  ]) {
    t.ok(files.includes(wanted), wanted)
  }
  t.notOk(files.some((path) => /^((test|scripts|build|out|\.ci)\/|bench\/(?!README))/.test(path)))
  for (const page of files.filter((path) => /^(README|docs\/.*)\.md$/.test(path))) {
    for (const { path } of linksIn(page)) t.ok(files.includes(path), `${page} leads to ${path}`)
  }

  const project = scratch(t)
  writeFileSync(join(project, 'package.json'), '{ "name": "elsewhere", "type": "module" }')
  await npm(project, 'install', join(folder, packed?.filename ?? ''))
  writeFileSync(
    join(project, 'main.js'),
    `import { features, Host, errorCodes } from 'vpsadminos'
     const { lxc, zfs, root, missing } = await features()
     let keeper = null
     if (root && !missing.some(({ required }) => required)) {
       const host = await Host.temporary()
       keeper = await host.keeperPid()
       await host.close()
     }
     console.log(JSON.stringify({ lxc, zfs, root, missing, keeper, codes: errorCodes }))`,
  )
  const { stdout: said } = await run(process.execPath, ['main.js'], { cwd: project })
  const answer = JSON.parse(said) as Record<string, unknown> & {
    root: boolean
    missing: { required: boolean }[]
  }
  t.match(answer, { codes: { ERR_CLOSED: String } })
  const able = answer.root && !answer.missing.some(({ required }) => required)
  t.match(answer, { keeper: able ? Number : null }, 'the keeper of the installed package starts')
  t.match(answer, {
    lxc: { state: /^(loaded|missing)$/ },
    zfs: { core: { state: /^(loaded|missing)$/ } },
  })

  // What is in its PATH is what an administrator runs.
  const program = (name: string, ...args: string[]) =>
    run(join(project, 'node_modules/.bin', name), args, { cwd: '/' })
  t.match((await program('osctl', '--version')).stdout, /^osctl \d+\.\d+\.\d+\n$/)
  t.match((await program('osctl', 'ct', 'start', '--help')).stdout, 'osctl ct start')
  t.match((await program('osctld', '--help')).stdout, '--config')
  const asked = { OSCTLD_SOCKET: join(project, 'none.sock') }
  await t.rejects(
    run(join(project, 'node_modules/.bin/osctl'), ['ct', 'ls'], {
      env: { ...process.env, ...asked },
    }),
    { code: 1, stderr: /osctld/ },
    'which is not there',
  )

  writeFileSync(
    join(project, 'user.ts'),
    `import { Host, type Container } from 'vpsadminos'
     export async function start(host: Host): Promise<Container> {
       const ct = host.containers.get('x')
       await ct.start()
       return ct
     }`,
  )
  const tsc = join(process.cwd(), 'node_modules/.bin/tsc')
  const types = join(process.cwd(), 'node_modules/@types')
  const options = ['--module', 'nodenext', '--target', 'es2022', '--strict', '--noEmit']
  await run(tsc, [...options, '--typeRoots', types, '--types', 'node', 'user.ts'], { cwd: project })
  t.pass('its declarations are enough for who uses it')
})
