// Says that a container was stopped, or frozen, only to go on at once: for the next process, where this one is cut off
// meanwhile. It is run state: a boot takes it away with all that ran, and what runs then is not for it to say.

import { readdir, readFile, rm } from 'node:fs/promises'
import { z } from 'zod'
import { writeRunFile } from '../host/run-file.js'
import { nullWhenMissing } from '../pool/open-file.js'
import type { Pool } from '../pool/pool.js'
import type { ContainerRecord } from './record.js'
import { STOP_METHODS } from './stop.js'

const schema = z.object({
  /** What has it go on. */
  resume: z.enum(['start', 'thaw']),
  /** Of what is stopped: another one has been started since. */
  initPid: z.number(),
  method: z.enum(STOP_METHODS),
  /** Milliseconds that its init has to shut down. Null: as long as it takes, which JSON has no number for. */
  timeout: z.number().nullish(),
})
export type RestNote = z.output<typeof schema>

/** @throws StateDirectoryFullError */
export async function noteRest(record: ContainerRecord, note: RestNote): Promise<void> {
  await writeRunFile(pathOf(record.pool, record.id), JSON.stringify(note))
}

/** It is over, whatever has become of it. */
export async function forgetRest(pool: Pool, id: string): Promise<void> {
  await rm(pathOf(pool, id), { force: true })
}

/** Null where there is none, or one that was not finished. */
export async function notedRest(record: ContainerRecord): Promise<RestNote | null> {
  try {
    return schema.parse(JSON.parse(await readFile(pathOf(record.pool, record.id), 'utf8')))
  } catch {
    return null
  }
}

/** Ids of those that a process was cut off from. */
export async function restingIn({ host, name }: Pool): Promise<ReadonlySet<string>> {
  const { directory, prefix } = host.paths.rests(name)
  const found = (await readdir(directory).catch(nullWhenMissing)) ?? []
  return new Set(
    found.filter((file) => file.startsWith(prefix)).map((file) => file.slice(prefix.length)),
  )
}

function pathOf({ host, name }: Pool, id: string): string {
  const { directory, prefix } = host.paths.rests(name)
  return `${directory}/${prefix}${id}`
}
