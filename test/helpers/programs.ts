// Programs that tests run, most of them in guests. `npm run build:dev` makes them of test/**/*.c.
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const programs = fileURLToPath(new URL('../../out/Debug/programs', import.meta.url))

/** That of test/<name>.c; it needs no library. */
export function compiled(name: string): string {
  return join(programs, name)
}
