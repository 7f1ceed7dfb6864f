// A temporary host with a busybox image, for tests of the engine. What a test leaves running goes
// with it.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { Host, type Container, type CreateOptions, type TemporaryOptions } from 'vpsadminos'
import { busyboxRoot } from './busybox.js'
import { onTestStorage } from './storage.js'

export const busybox = { distribution: 'busybox' }

/** The image's directory, for as long as the test runs. */
/** What is called when it is over: of a test, or of a program. */
export type Teardown = Pick<Test, 'teardown'>

export function busyboxImage(t: Teardown): string {
  const directory = mkdtempSync(join(tmpdir(), 'busybox-'))
  t.teardown(() => rmSync(directory, { recursive: true, force: true }))
  return busyboxRoot(directory)
}

export async function importBusybox(t: Teardown, host: Host): Promise<void> {
  await host.images.import({ path: busyboxImage(t), distribution: 'busybox', version: '1' })
}

/** Closed, and with it removed, when the test ends. */
export async function temporaryHost(t: Test, options: TemporaryOptions = {}): Promise<Host> {
  const host = await Host.temporary(onTestStorage(options))
  t.teardown(() => host.close())
  await importBusybox(t, host)
  return host
}

/** A container that has been started. */
export async function startedContainer(
  host: Host,
  options: Omit<CreateOptions, 'image'>,
): Promise<Container> {
  const container = await host.containers.create({ image: busybox, ...options })
  await container.start()
  return container
}

/** Resolves with the first item for which `wanted` answers true. */
export async function first<T>(items: AsyncIterable<T>, wanted: (item: T) => boolean): Promise<T> {
  for await (const item of items) if (wanted(item)) return item
  throw new Error('it ended before that came')
}

/** The text of a stream up to its end. */
export async function text(stream: AsyncIterable<Buffer | string>): Promise<string> {
  const chunks: string[] = []
  for await (const chunk of stream) chunks.push(chunk.toString())
  return chunks.join('')
}
