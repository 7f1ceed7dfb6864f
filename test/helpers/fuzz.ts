// The fuzz targets and the inputs that are kept for them.
import { readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { selftestPath } from './selftest.js'

/** Where the CMake build puts the native ones. */
export const fuzzTargets = join(dirname(selftestPath), '../fuzz')

export const corpus = 'fuzz/corpus'

/** Names of the targets, each of which has a directory of inputs. */
export function targetsIn(directory: string, suffix: string, but: readonly string[]): string[] {
  return readdirSync(directory)
    .filter((file) => file.endsWith(suffix) && !but.includes(file))
    .map((file) => file.slice(0, -suffix.length).replaceAll('_', '-'))
}
