// Notes that the kernel may have other settings of a container that runs, or of a group, than its file, for as long as
// they change. Who opens the host after a crash, or after a change that failed, applies those of the file again, and of
// nothing else. A change that succeeds meanwhile does not: the note of one before it stays. It is run state, as what it
// tells of: a reboot takes both, and so does the next start of the container.

import { existsSync } from 'node:fs'
import { readFile, rm } from 'node:fs/promises'
import { z } from 'zod'
import { isSame } from '../group/cgparams.js'
import { cgparam, type Cgparam } from '../schema/cgparam.js'
import { replaceRunFile } from './run-file.js'

/** Whether somebody was cut off, or has failed. */
export function isUnapplied(note: string): boolean {
  return existsSync(note)
}

/** Parameters that may be in force, although the file does not have them. */
export async function unappliedParams(note: string): Promise<readonly Cgparam[]> {
  try {
    return z.array(cgparam).parse(JSON.parse(await readFile(note, 'utf8')))
  } catch {
    // There is none, or somebody has changed it.
    return []
  }
}

/** Whether what was applied could be taken back. */
export function isTakenBack(undo: Promise<unknown>): Promise<boolean> {
  return undo.then(
    () => true,
    () => false,
  )
}

/** All of it is applied, or over. */
export async function forgetUnapplied(note: string): Promise<void> {
  await rm(note, { force: true })
}

/**
 * Where `work` fails, it is not known how far it has come: the note stays.
 *
 * @param params what it may leave in force
 * @param work calls `undone` where what was applied is taken back, and the file is as it was
 */
export async function whileUnapplied(
  note: string,
  params: readonly Cgparam[],
  work: (undone: () => Promise<void>) => Promise<void>,
): Promise<void> {
  const stays = isUnapplied(note)
  const earlier = await unappliedParams(note)
  const more = params.filter((param) => !earlier.some((old) => isSame(old, param)))
  await replaceRunFile(note, JSON.stringify([...earlier, ...more]))
  const over = async () => {
    if (!stays) await forgetUnapplied(note)
  }
  await work(over)
  await over()
}
