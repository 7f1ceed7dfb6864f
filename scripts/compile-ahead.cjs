// Runs what is given as a program and writes what V8 has compiled of it by its end:
//
//   node scripts/compile-ahead.cjs dist/cli/main.cjs dist/cli/main.cache ct ls
const { readFileSync, renameSync, writeFileSync } = require('node:fs')
const { wrap } = require('node:module')
const { dirname, resolve } = require('node:path')
const { Script } = require('node:vm')

const [filename, cache] = process.argv.splice(2, 2).map((path) => resolve(path))
// As lib/cli/osctl.cts does it, to the letter: V8 compares how long it is.
const script = new Script(wrap(readFileSync(filename, 'latin1')), { filename })
process.on('exit', (code) => {
  if (code !== 0) return
  // As a whole: V8 does not look for what was cut off in the middle.
  writeFileSync(`${cache}.new`, script.createCachedData())
  renameSync(`${cache}.new`, cache)
})
script.runInThisContext()(exports, require, module, filename, dirname(filename))
