// Which of the project's tests are run in the lab.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { projectRoot } from './program.js'

const folders = ['test/attacks', 'test/lib', 'test/lifecycle', 'test/system']

const elsewhere = new Map([
  ['test/lib/cli/compiled.ts', 'what is compiled ahead is for the Node.js that it was built with'],
  ['test/lib/ns/clone-reflink.ts', 'needs filesystems that the image has no programs for'],
  ['test/lib/ns/heeds.ts', 'compiles a program'],
  ['test/system/bad-places.ts', 'compiles a program'],
  ['test/system/debian-boot.ts', 'builds images from the archive'],
  ['test/system/debian.ts', 'builds images from the archive'],
  ['test/system/many-at-once.ts', 'builds images from the archive'],
  ['test/system/memory.ts', 'measures'],
  ['test/system/soak.ts', 'measures'],
  ['test/system/soak-daemon.ts', 'measures'],
  ['test/system/standard-tools.ts', 'builds images from the archive'],
])

/** Each step of each operation, with another process for each. */
const crashes = /^test\/system\/(keeper-)?crash-points\//

/** Each of its osctl takes seconds where Node.js is interpreted, and says the same whatever kernel it is. */
const transcripts = /^test\/lib\/cli\/transcript\//

function whyElsewhere(path: string): string | undefined {
  return transcripts.test(path) ? 'asks osctl for hundreds of things' : elsewhere.get(path)
}

/** Most of it is osctl's starts, and what it says of what others have tested. */
const programs = /^test\/lib\/cli\//

/** Whether it comes by each step of each operation, which takes long. */
export function isWalk(path: string): boolean {
  return crashes.test(path) || /^test\/system\/(aborts|failing-steps)\.ts$/.test(path)
}

/** Whether it is about our code alone: one kernel is enough for it, the first one that is asked for. */
export function onFirstOnly(path: string): boolean {
  return isWalk(path) || programs.test(path)
}

/** Those of crash-points/zfs… walk the same, and more. */
const walkedOnZfs = /^test\/system\/(aborts|failing-steps|crash-points\/(containers|rootfs))\.ts$/

/** Whether a run of everything has it on ZFS alone: with pools in directories `npm test` walks the same. */
export function onZfsAlone(path: string): boolean {
  return walkedOnZfs.test(path)
}

/** Whether it is run where ZFS is loaded. */
export function needsZfs(path: string): boolean {
  return /^test\/(lib\/zfs\/|lib\/storage\/zfs|system\/crash-points\/zfs)/.test(path)
}

const onFiles = [
  'test/attacks/(boot|exec|files|filesystems|links|shares)',
  'test/lib/container/(boot|copy|create|ephemeral|exec\\.|files|lifecycle|misspelled|receipt|reinstall|rename|set)',
  'test/lib/(asset/|pool/(config-file|owner)|host/(audit|close|recover))',
  'test/system/',
]

/** Whether it is also run with its pools on ZFS, on the first distribution: what is about files, not only processes. */
export function onZfsToo(path: string): boolean {
  return (
    new RegExp(`^(${onFiles.join('|')})`).test(path) &&
    !crashes.test(path) &&
    path !== 'test/lib/container/copy-blocked.ts'
  )
}

/**
 * As paths in the project, in order.
 *
 * @param wanted files or folders, each of which has something that can be run here; none: all of it
 */
export function engineFiles(wanted: readonly string[]): string[] {
  const all = folders.flatMap((folder) =>
    readdirSync(join(projectRoot, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => join(folder, name)),
  )
  const files = all.filter((path) => whyElsewhere(path) === undefined).sort()
  const within = (path: string): string[] =>
    files.filter((file) => file === path || file.startsWith(`${path}/`))
  for (const path of wanted) {
    if (within(path).length > 0) continue
    const reason = whyElsewhere(path) ?? `has no test of ${folders.join(', ')}`
    throw new Error(`${path} cannot be run in the lab: ${reason}`)
  }
  return wanted.length === 0 ? files : files.filter((file) => wanted.flatMap(within).includes(file))
}
