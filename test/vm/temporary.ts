// Directories that are gone with this process. What is left by one that was killed, the next one removes.
import { existsSync, lstatSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

let ours: string | null = null

/** A new one; who needs it no longer removes it. */
export function temporaryDirectory(name: string): string {
  ours ??= begin()
  return mkdtempSync(join(ours, `${name}-`))
}

function begin(): string {
  for (const name of readdirSync(tmpdir())) {
    const pid = /^vpsadminos-vm-(\d+)-/.exec(name)?.[1]
    if (pid !== undefined && !existsSync(`/proc/${pid}`)) removeOurs(join(tmpdir(), name))
  }
  const directory = mkdtempSync(join(tmpdir(), `vpsadminos-vm-${process.pid}-`))
  process.on('exit', () => rmSync(directory, { recursive: true, force: true }))
  return directory
}

function removeOurs(path: string): void {
  // Somebody else may be at it too.
  const owner = lstatSync(path, { throwIfNoEntry: false })?.uid
  if (owner === process.getuid?.()) rmSync(path, { recursive: true, force: true })
}
