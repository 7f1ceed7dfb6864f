// The logs of a container: what liblxc says, what its console prints, and of each a former one.
import type { Pool } from '../pool/pool.js'

export function logFiles(pool: Pool, id: string): string[] {
  const paths = [pool.layout.log(id), pool.layout.consoleLog(id)]
  return paths.flatMap((path) => [path, `${path}.1`])
}
