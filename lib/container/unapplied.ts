// Notes that the kernel may have other settings of a running container than its file, for as long as
// they change. Who opens the host after a crash, or after a change that failed, applies those of the
// file again, and of no other container. It is run state, as what it tells of: a reboot takes both.

import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { writeRunFile } from '../host/run-file.js'
import type { ContainerRecord } from './record.js'

function note({ host, pool, id }: ContainerRecord): string {
  return join(host.paths.container(pool.name, id), 'unapplied')
}

/** Whether somebody was cut off, or has failed. */
export function isUnapplied(record: ContainerRecord): boolean {
  return existsSync(note(record))
}

/** What was applied is taken back, and the file is as it was. */
export async function forgetUnapplied(record: ContainerRecord): Promise<void> {
  await rm(note(record), { force: true })
}

/** Where `work` fails, it is not known how far it has come: the note stays. */
export async function whileUnapplied(
  record: ContainerRecord,
  work: () => Promise<void>,
): Promise<void> {
  await writeRunFile(note(record), '')
  await work()
  await forgetUnapplied(record)
}
