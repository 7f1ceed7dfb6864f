// Makes one file of all that osctl is: to find and load some twenty takes 20 ms, and Node.js 30 to begin.
import { chmodSync } from 'node:fs'
import { build } from 'esbuild'

const outfile = 'dist/cli/osctl.cjs'
await build({
  entryPoints: ['dist/cli/osctl.js'],
  outfile,
  bundle: true,
  platform: 'node',
  target: 'node20',
  // To be read faster; NODE_OPTIONS=--enable-source-maps gives errors their names.
  minify: true,
  sourcemap: 'linked',
  // Node.js loads such modules without its loader for the others, which is not ready at once.
  format: 'cjs',
  banner: { js: "const importMetaUrl = require('url').pathToFileURL(__filename).href" },
  define: { 'import.meta.url': 'importMetaUrl' },
  logLevel: 'warning',
})
chmodSync(outfile, 0o755)
