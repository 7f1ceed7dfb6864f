// Which of the project's tests are about the kernel, and how long each may take on a real machine.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { projectRoot } from './program.js'

const folders = ['test/lib', 'test/lifecycle', 'test/system']

const elsewhere = new Map([
  ['test/lib/ns/clone-reflink.ts', 'needs filesystems that the image has no programs for'],
  ['test/system/bad-places.ts', 'compiles a program'],
  ['test/system/debian.ts', 'builds images from the archive'],
  ['test/system/hostile.ts', 'compiles a program'],
  ['test/system/many-at-once.ts', 'builds images from the archive'],
  ['test/system/memory.ts', 'measures'],
  ['test/system/no-exec.ts', 'compiles a program'],
  ['test/system/npm-pack.ts', 'compiles the addon'],
  ['test/system/standard-tools.ts', 'builds images from the archive'],
])

/** As paths in the project, in order. */
export function engineFiles(): string[] {
  return folders
    .flatMap((folder) =>
      readdirSync(join(projectRoot, folder), { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('.ts'))
        .map((name) => join(folder, name)),
    )
    .filter((path) => !elsewhere.has(path))
    .sort()
}
