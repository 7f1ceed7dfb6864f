#!/usr/bin/env node
// osctl, the program. It begins with what V8 has compiled of it when it was built: that is a fifth of what it takes beside
// Node.js itself. Node.js 22 could do that too, and would write to a directory for it.

import fs = require('node:fs')
import nodeModule = require('node:module')
import path = require('node:path')
import vm = require('node:vm')

const filename = path.join(__dirname, 'main.cjs')

// By another Node.js, or with other flags, V8 does not take it, and compiles as ever.
function compiledBefore(): Buffer | undefined {
  try {
    return fs.readFileSync(path.join(__dirname, 'main.cache'))
  } catch {
    return undefined
  }
}

const cachedData = compiledBefore()
// esbuild writes nothing but ASCII.
const source = nodeModule.wrap(fs.readFileSync(filename, 'latin1'))
const script = new vm.Script(source, {
  filename,
  ...(cachedData === undefined ? {} : { cachedData }),
})
const main = script.runInThisContext() as (...module: unknown[]) => void
main(exports, require, module, filename, __dirname)
