// Puts the programs beside the addon that prebuildify has built, which takes addons alone; named by libc, as that is.
//
//   node scripts/prebuild-programs.js [directory of a package]
import { execFileSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'

const root = process.argv[2] ?? '.'
// What prebuildify and node-gyp-build look at.
const libc = process.env['LIBC'] ?? (existsSync('/etc/alpine-release') ? 'musl' : 'glibc')
const directory = join(root, 'prebuilds', `${process.platform}-${process.arch}`)
mkdirSync(directory, { recursive: true })
for (const name of ['keeper', 'init']) {
  const path = join(directory, `${name}.${libc}`)
  copyFileSync(join('build/Release', name), path)
  execFileSync(process.env['PREBUILD_STRIP_BIN'] ?? 'strip', ['--strip-all', path])
}
