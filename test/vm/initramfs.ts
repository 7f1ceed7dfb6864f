// The first filesystem: a busybox, the modules that reach the root, and all that is ours in the guest.
import { chmodSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Image } from './image.js'
import { program, projectRoot } from './program.js'
import { temporaryDirectory } from './temporary.js'
import { transpiled } from './transpile.js'

const guest = join(projectRoot, 'test/vm/guest')
const scripts = [
  'lab-init',
  'runit-1',
  'runit-2',
  'runit-3',
  'lab.service',
  'find-disk',
  'mount-disk',
  'mount-project',
  'mount-scratch',
]
const compiled = ['agent.ts', 'spare.ts', 'disks.ts']

/** The files of ours by their names in the guest; another content is another state of the guest. */
export function guestFiles(): ReadonlyMap<string, string> {
  const read = (name: string): string => readFileSync(join(guest, name), 'utf8')
  const files = new Map(scripts.map((name) => [name, read(name)]))
  for (const name of compiled) {
    files.set(name.replace('.ts', '.js'), transpiled(read(name), name))
  }
  files.set('package.json', '{"type":"module"}')
  files.set('init', read('init'))
  return files
}

export async function makeInitramfs(image: Image, to: string): Promise<void> {
  const directory = temporaryDirectory('initramfs')
  try {
    for (const name of ['bin', 'dev', 'proc', 'sys', 'layers', 'write', 'new', 'lab']) {
      mkdirSync(join(directory, name))
    }
    cpSync('/bin/busybox', join(directory, 'bin/busybox'))
    cpSync(image.modules, join(directory, 'modules'), { recursive: true })
    for (const [name, text] of guestFiles()) {
      const file = name === 'init' ? join(directory, name) : join(directory, 'lab', name)
      writeFileSync(file, text)
      chmodSync(file, 0o755)
    }
    // The kernel opens it before init can make one.
    await program('mknod', [join(directory, 'dev/console'), 'c', '5', '1'])
    // The same content is the same file.
    const archive =
      'cd "$1" && find . -exec touch -h -d @0 {} + && find . | LC_ALL=C sort | ' +
      'cpio --quiet --reproducible --owner=0:0 -o -H newc >"$2"'
    await program('sh', ['-c', archive, 'sh', directory, to])
  } finally {
    rmSync(directory, { recursive: true })
  }
}
