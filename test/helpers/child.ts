// A Node process of its own, for what can be seen only from outside: how it ends and what it prints.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { endOfFork } from './forks.js'
import { upTo } from './time.js'

export interface Ended {
  code: number | null
  signal: NodeJS.Signals | null
  stdout: string
  stderr: string
}

const dist = new URL('../../dist/', import.meta.url).href

/** What every script can use: the boundary, an LXC path that exists, and a short wait. */
const prelude = (lxcPath: string): string => `
  import { load, native } from ${JSON.stringify(`${dist}native.js`)}
  import { setTimeout as sleep } from 'node:timers/promises'
  const lxcPath = ${JSON.stringify(lxcPath)}
`

/** Runs `script`, an ES module. It is killed when it does not end in time. */
export function child(t: Test, script: string, ...nodeArgs: string[]): Promise<Ended> {
  const dir = t.testdir({ lxc: { web1: { config: 'lxc.uts.name = web1\n' } } })
  const file = join(dir, 'script.mjs')
  writeFileSync(file, prelude(join(dir, 'lxc')) + script)
  return new Promise((resolve, reject) => {
    const process = spawn(globalThis.process.execPath, [...nodeArgs, file], {
      timeout: upTo(20_000),
    })
    let stdout = ''
    let stderr = ''
    process.stdout.on('data', (data: Buffer) => (stdout += data.toString()))
    process.stderr.on('data', (data: Buffer) => (stderr += data.toString()))
    process.on('error', reject)
    process.on('close', (code, signal) => {
      resolve({ code, signal, stdout, stderr })
    })
  })
}

/** One of the library's modules, as a script of another process imports it. */
export function moduleOf(path: string): string {
  return JSON.stringify(`${dist}${path}`)
}

/** How a process ended that ran the script, an ES module: its status, or the signal; another one when it is late. */
export async function endOf(script: string): Promise<string | number | null> {
  const lateMs = upTo(60_000)
  // To load the engine takes some seconds there.
  if (interpreted) return endOfFork(script, lateMs / 1000)
  const process = spawn(globalThis.process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'ignore', 'inherit'],
    timeout: lateMs,
  })
  await once(process, 'exit')
  return process.signalCode ?? process.exitCode
}

const interpreted = process.execArgv.includes('--jitless')

export const clean: Ended = { code: 0, signal: null, stdout: '', stderr: '' }
