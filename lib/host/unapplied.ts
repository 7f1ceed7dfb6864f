// Notes that the kernel may have other settings of a container that runs, or of a group, than its file, for as long as
// they change. Who opens the host after a crash, or after a change that failed, applies those of the file again, and of
// nothing else. It is run state, as what it tells of: a reboot takes both.

import { existsSync } from 'node:fs'
import { readFile, rm } from 'node:fs/promises'
import { z } from 'zod'
import { cgparam, type Cgparam } from '../schema/cgparam.js'
import { writeRunFile } from './run-file.js'

/** Whether somebody was cut off, or has failed. */
export function isUnapplied(note: string): boolean {
  return existsSync(note)
}

/** Parameters that may be in force, although the file does not have them. */
export async function unappliedParams(note: string): Promise<readonly Cgparam[]> {
  try {
    return z.array(cgparam).parse(JSON.parse(await readFile(note, 'utf8')))
  } catch {
    // Cut off before it was finished, nothing has been written to the kernel.
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

/** What was applied is taken back, and the file is as it was. */
export async function forgetUnapplied(note: string): Promise<void> {
  await rm(note, { force: true })
}

/**
 * Where `work` fails, it is not known how far it has come: the note stays.
 *
 * @param params what it may leave in force
 */
export async function whileUnapplied(
  note: string,
  params: readonly Cgparam[],
  work: () => Promise<void>,
): Promise<void> {
  await writeRunFile(note, JSON.stringify(params))
  await work()
  await forgetUnapplied(note)
}
