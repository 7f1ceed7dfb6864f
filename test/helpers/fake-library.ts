// Shared libraries that stand in for the real ones, to see what happens when those are not what we
// hope for. They are compiled by the test that wants one.
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'

const root = fileURLToPath(new URL('../../', import.meta.url))

/** Builds test/native/fake/<name>.cc and returns the library's path. */
export function fakeLibrary(t: Test, name: string, ...defines: string[]): string {
  const library = join(t.testdir(), `${name}.so`)
  const source = join(root, 'test/native/fake', `${name}.cc`)
  const flags = ['-std=c++20', '-shared', '-fPIC', `-I${join(root, 'native')}`]
  execFileSync(process.env['CXX'] ?? 'c++', [...flags, ...defines, source, '-o', library])
  return library
}
