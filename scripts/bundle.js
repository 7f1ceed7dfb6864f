// Makes one file of all that osctl is, as to find and load some twenty takes 20 ms where Node.js takes 30 to begin; and
// beside it what V8 has compiled of that, as it does for a list of containers.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'

/**
 * A file beside the one that is made, and not in it.
 *
 * @param {string} name
 * @returns {import('esbuild').Plugin}
 */
const apart = (name) => ({
  name: 'apart',
  setup: (builder) =>
    builder.onResolve({ filter: new RegExp(`/${name}$`) }, () => ({
      path: `./${name}`,
      external: true,
    })),
})

const outfile = 'dist/cli/main.cjs'
const cache = 'dist/cli/main.cache'
// V8 would take that of another file which is as long.
rmSync(cache, { force: true })
await build({
  entryPoints: ['dist/cli/main.js'],
  outfile,
  bundle: true,
  platform: 'node',
  target: 'node20',
  // To be read faster. NODE_OPTIONS=--enable-source-maps node dist/cli/main.cjs … gives errors their names.
  minify: true,
  sourcemap: 'linked',
  // Node.js loads such modules without its loader for the others, which is not ready at once.
  format: 'cjs',
  supported: { 'dynamic-import': false },
  plugins: [apart('import-file.cjs')],
  banner: { js: "const importMetaUrl = require('url').pathToFileURL(__filename).href" },
  define: { 'import.meta.url': 'importMetaUrl' },
  logLevel: 'warning',
})
chmodSync('dist/cli/osctl.cjs', 0o755)

const containers = ['running', 'stopped'].map((state, index) => ({
  ...{ pool: 'tank', id: `web${index}`, user: 'web', group: '/default', state },
  ...{ distribution: 'debian', version: '13', initPid: 100 },
  stats: { memory: 2 ** 20, cpuTime: 10 ** 6 },
}))
const directory = mkdtempSync(join(tmpdir(), 'osctl-'))
const socket = join(directory, 'socket')
const pools = [{ name: 'tank', path: '/tank', broken: [] }]
const server = createServer(({ url = '' }, response) => {
  response.setHeader('content-type', 'application/json')
  response.end(JSON.stringify(url.startsWith('/v1/pools') ? pools : containers))
})
try {
  await once(server.listen(socket), 'listening')
  const child = spawn(
    process.execPath,
    ['scripts/compile-ahead.cjs', outfile, cache, 'ct', 'ls'],
    // V8 takes it from who has the same flags.
    { env: { OSCTLD_SOCKET: socket }, stdio: ['ignore', 'ignore', 'inherit'] },
  )
  const [code] = await once(child, 'exit')
  if (code !== 0) throw new Error(`osctl could not be compiled ahead: ${code}`)
} finally {
  server.close()
  rmSync(directory, { recursive: true })
}
