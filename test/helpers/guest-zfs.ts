// The programs zfs and zpool of this machine inside a container, with their libraries; and who has a dataset in
// its hands, asked of the kernel.
import { execFileSync, spawnSync } from 'node:child_process'
import { closeSync, createReadStream, openSync, realpathSync } from 'node:fs'
import { basename } from 'node:path'
import type { Container } from 'vpsadminos'
import { assertConfining } from '../../dist/storage/zfs/version.js'
import { zfs } from './zpool.js'

const PLACE = '/opt/zfs'

/** Whether this machine's may be given to a container. */
export function confines(): boolean {
  try {
    assertConfining()
    return true
  } catch {
    return false
  }
}

/** Makes them reachable as `zfs` and `zpool`. */
export async function installZfs(ct: Container): Promise<void> {
  const programs = ['zfs', 'zpool'].map((name) =>
    execFileSync('which', [name], { encoding: 'utf8' }).trim(),
  )
  const listed = execFileSync('ldd', programs, { encoding: 'utf8' })
  const libraries = new Set([...listed.matchAll(/(\/\S+) \(0x/g)].map(([, path = '']) => path))
  for (const path of [...programs, ...libraries]) {
    const file = createReadStream(realpathSync(path))
    await ct.push(`${PLACE}/${basename(path)}`, file, { mode: 0o755, mkdirs: true })
  }
  const loader = [...libraries].map((path) => basename(path)).find((name) => name.startsWith('ld-'))
  for (const program of programs.map((path) => basename(path))) {
    const start = `exec ${PLACE}/${loader} --library-path ${PLACE} ${PLACE}/${program} "$@"`
    await ct.push(`/bin/${program}`, Buffer.from(`#!/bin/sh\n${start}\n`), { mode: 0o755 })
  }
}

/** Of a container that runs, for as long as it is open: also when it has ended. */
export class UserNamespace implements Disposable {
  readonly #fd: number

  constructor(initPid: number) {
    this.#fd = openSync(`/proc/${initPid}/ns/user`, 'r')
  }

  /** Whether the kernel has this one in its hands. Looking takes it out of them. */
  takes(dataset: string): boolean {
    return this.#run('unzone', dataset)
  }

  give(dataset: string): boolean {
    return this.#run('zone', dataset)
  }

  #run(verb: string, dataset: string): boolean {
    const stdio = ['ignore', 'pipe', 'pipe', this.#fd] as const
    const { status } = spawnSync('zfs', [verb, '/proc/self/fd/3', dataset], { stdio: [...stdio] })
    return status === 0
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd)
  }
}

/** What a script of its shell prints. Rejects when that fails. */
export async function sh(ct: Container, script: string): Promise<string> {
  const { stdout, stderr, exitCode } = await ct.exec(['sh', '-c', script])
  if (exitCode !== 0) throw new Error(`${script}: ${stderr}${stdout}`)
  return stdout.trim()
}

/** Names of what is there and below it, as zfs(8) says. */
export function all(name: string, type = 'filesystem,volume'): string[] {
  return zfs('list', '-rHo', 'name', '-t', type, name).split('\n')
}
