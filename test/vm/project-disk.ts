// The project as it is now, as disks for the guest: its npm packages, and the rest with tests compiled.
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { cached, idOf, keyOf } from './cache.js'
import { squash, type MadeDisk } from './image.js'
import { intoOneFile } from './one-file.js'
import { pad } from './pad.js'
import { projectRoot } from './program.js'
import { temporaryDirectory } from './temporary.js'
import { transpiled } from './transpile.js'

// A saved machine knows the disk's size, so that of every version of the project must be the same.
const diskSize = 256 * 2 ** 20
const sources = ['dist', 'docs', 'images', 'lib', 'native', 'scripts', 'share', 'test', 'types']
const files = ['package.json', 'README.md', 'CHANGELOG.md', 'LICENSE', 'binding.gyp', '.taprc']
const programs = ['addon.node', 'keeper', 'init'].map((name) => `build/Release/${name}`)
const built = [...programs, 'out/Debug', 'out/bench']

/** Made once for what npm says that it has installed. */
export async function packagesDisk(): Promise<MadeDisk> {
  const key = keyOf(readFileSync(join(projectRoot, 'node_modules/.package-lock.json')))
  const directory = await cached(`packages-${key}`, async (directory) => {
    await squash(join(projectRoot, 'node_modules'), join(directory, 'packages.squashfs'))
  })
  return { file: join(directory, 'packages.squashfs'), id: idOf(directory) }
}

/** Takes two seconds. */
export async function makeProjectDisk(to: string): Promise<void> {
  const staging = temporaryDirectory('project')
  try {
    for (const name of [...sources, ...files, ...built]) copy(name, staging)
    for (const name of ['lib', 'test']) compile(join(staging, name))
    // Whose parts ran is told by its modules.
    if (process.env['VM_COVERAGE'] === undefined) await intoOneFile(join(staging, 'dist'))
    await squash(staging, to, '-all-root')
    pad(to, 'the project', diskSize)
  } finally {
    rmSync(staging, { recursive: true })
  }
}

function copy(name: string, staging: string): void {
  const from = join(projectRoot, name)
  if (!existsSync(from)) return
  mkdirSync(join(staging, name, '..'), { recursive: true })
  const filter = (path: string): boolean => !/\/(CMakeFiles|\.tap)(\/|$)/.test(path)
  cpSync(from, join(staging, name), { recursive: true, filter })
}

/** JavaScript beside the TypeScript, as the tests import it by that name. */
function compile(directory: string): void {
  for (const name of readdirSync(directory, { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith('.ts') || name.endsWith('.d.ts')) continue
    const source = readFileSync(join(directory, name), 'utf8')
    writeFileSync(join(directory, name.replace(/ts$/, 'js')), transpiled(source, name))
  }
}
