// Programs that a keeper may be told to become.
import { appendFileSync, copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { keeperProgram } from '../../dist/keeper/spawn.js'

/**
 * Has this process start and expect another program than before, which does the same: bytes after
 * the end of an ELF file mean nothing.
 */
export function useNextKeeper(t: Test): void {
  const directory = mkdtempSync(join(tmpdir(), 'next-keeper-'))
  const program = join(directory, 'keeper')
  copyFileSync(keeperProgram(), program)
  appendFileSync(program, `next ${directory}`)
  useKeeper(t, program)
  t.teardown(() => rmSync(directory, { recursive: true }))
}

export function useKeeper(t: Test, program: string): void {
  const before = process.env['VPSADMINOS_KEEPER']
  process.env['VPSADMINOS_KEEPER'] = program
  t.teardown(() => {
    if (before === undefined) delete process.env['VPSADMINOS_KEEPER']
    else process.env['VPSADMINOS_KEEPER'] = before
  })
}

/** Whether the process runs what this one would start now. */
export function runsKeeper(pid: number): boolean {
  return readFileSync(`/proc/${pid}/exe`).equals(readFileSync(keeperProgram()))
}
