// Where the run state is on a disk, it is there still when the machine is booted again, and says of containers what has
// ended with it: that they were started by themselves, or were stopped only to go on. In memory it would be gone.

import { readFile, rm } from 'node:fs/promises'
import { nullWhenMissing } from '../pool/open-file.js'
import { bootId } from './boot-id.js'
import type { StatePaths } from './paths.js'
import { replaceRunFile } from './run-file.js'

/** For who opens the host, before it looks at any of that. @throws StateDirectoryFullError */
export async function forgetEarlierRun({ bootNote, pools }: StatePaths): Promise<void> {
  const now = await bootId()
  const noted = await readFile(bootNote, 'utf8').catch(nullWhenMissing)
  if (noted?.trim() === now) return
  // Without a note it is not known: somebody may have cleaned up while containers run.
  if (noted !== null) await rm(pools, { recursive: true, force: true })
  await replaceRunFile(bootNote, `${now}\n`)
}
