// The logs of a container: what liblxc says, what its console prints, and of each a former one.
import { assertFile } from '../pool/open-file.js'
import type { Pool } from '../pool/pool.js'

export function logFiles(pool: Pool, id: string): string[] {
  const paths = [pool.layout.log(id), pool.layout.consoleLog(id)]
  return paths.flatMap((path) => [path, `${path}.1`])
}

/**
 * For who is about to have liblxc open them: that is root, and follows links.
 *
 * @throws ConfigBrokenError
 */
export function assertLogs(pool: Pool, id: string): void {
  assertFile(pool.layout.log(id))
  assertFile(pool.layout.consoleLog(id))
}
