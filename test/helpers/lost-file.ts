// A name of which there is no telling whether it exists: whoever looks it up waits, as for a guest's own
// filesystem that does not answer.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Test } from 'tap'
import { compiled } from './programs.js'
import { aWhile, upTo } from './time.js'

export interface LostFile {
  readonly path: string
  /** All who wait for it are told that it cannot be reached. */
  end(): void
}

/** For who requires `root`, `fuse` and `test programs`. */
export async function lostFile(t: Test): Promise<LostFile> {
  const top = mkdtempSync(join(tmpdir(), 'lost-'))
  t.teardown(() => rmSync(top, { recursive: true }))
  const directory = join(top, 'fs')
  mkdirSync(directory)
  const device = join(top, 'device')
  t.equal(spawnSync('mknod', [device, 'c', '10', '229']).status, 0)
  // In a mount namespace of its own, which goes with it.
  const program = [compiled('attacks/filesystems'), directory, device]
  const server = spawn('unshare', ['--mount', ...program], { stdio: ['ignore', 'pipe', 'inherit'] })
  const end = (): void => void server.kill('SIGKILL')
  t.teardown(end)
  const [said] = (await once(server.stdout, 'data')) as [Buffer]
  t.equal(String(said), 'mounted\n')
  return { path: `/proc/${server.pid}/root${directory}/lost`, end }
}

/** Works that wait for it, more at once than there are threads for files, keep nobody from those. */
export async function holdUpNoFile(
  t: Test,
  lost: LostFile,
  work: () => Promise<unknown>,
): Promise<void> {
  const held = Promise.allSettled(Array.from({ length: 6 }, work))
  const read = readFile('/proc/self/status').then(() => 'read')
  const waits = sleep(upTo(5000), 'waits', { ref: false })
  t.equal(await Promise.race([read, waits]), 'read')
  // A moment, in which what is refused at once has been.
  t.equal(await Promise.race([held, sleep(aWhile(100), 'held')]), 'held', 'as they still are')
  lost.end()
  await held
  await read
}
