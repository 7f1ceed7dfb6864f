// A package with binaries that were built before: without a compiler, the addon, the keeper and init are found.
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { scratch } from '../helpers/image.js'
import { requires } from '../helpers/requires.js'

const t = requires('root', 'userns', 'liblxc', 'cgroup')

await t.test('what prebuildify makes, with the programs beside it', (t) => {
  const root = scratch(t)
  const platform = `${process.platform}-${process.arch}`
  mkdirSync(join(root, 'prebuilds', platform), { recursive: true })
  const libc = existsSync('/etc/alpine-release') ? 'musl' : 'glibc'
  cpSync('build/Release/addon.node', join(root, 'prebuilds', platform, `vpsadminos.${libc}.node`))
  execFileSync(process.execPath, ['scripts/prebuild-programs.js', root], {
    // As where nothing can be stripped, which is no matter of what is found.
    env: { ...process.env, PREBUILD_STRIP_BIN: 'true' },
  })
  for (const name of ['dist', 'share']) cpSync(name, join(root, name), { recursive: true })
  cpSync('package.json', join(root, 'package.json'))
  symlinkSync(join(process.cwd(), 'node_modules'), join(root, 'node_modules'))
  const script = join(root, 'main.js')
  writeFileSync(
    script,
    `import { Host, features } from './dist/index.js'
     import { initProgram, keeperProgram } from './dist/keeper/spawn.js'
     await features()
     const host = await Host.temporary()
     const keeper = await host.keeperPid()
     await host.close()
     console.log(JSON.stringify({ keeper, init: initProgram(), program: keeperProgram() }))`,
  )
  const { VPSADMINOS_ADDON: _addon, VPSADMINOS_KEEPER: _keeper, ...env } = process.env
  const said = JSON.parse(String(execFileSync(process.execPath, [script], { env }))) as object
  t.match(said, {
    keeper: Number,
    init: join(root, 'prebuilds', platform, `init.${libc}`),
    program: join(root, 'prebuilds', platform, `keeper.${libc}`),
  })
  t.end()
})
