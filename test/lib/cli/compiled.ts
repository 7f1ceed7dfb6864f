// osctl begins with what V8 has compiled of it before; where that cannot be had, or is of something else, without.
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import t from 'tap'
import { PROGRAM } from '../../helpers/osctl.js'

/** As a shell begins it: what tap gives its children are other flags. */
const node = (...args: string[]): string =>
  execFileSync('env', ['-i', process.execPath, ...args], { encoding: 'utf8' })

const built = dirname(PROGRAM)
const help = node(PROGRAM, 'ct', '--help')
t.match(help, /osctl ct/)

await t.test('this Node.js takes it', async (t) => {
  const program = `
    const { readFileSync } = require('node:fs')
    const source = require('node:module').wrap(readFileSync('${built}/main.cjs', 'latin1'))
    const cachedData = readFileSync('${built}/main.cache')
    console.log(new (require('node:vm').Script)(source, { cachedData }).cachedDataRejected)`
  t.equal(node('-e', program), 'false\n')
})

await t.test('there is nothing but ASCII in it', async (t) => {
  const bytes = readFileSync(join(built, 'main.cjs'))
  t.equal(
    bytes.findIndex((byte) => byte > 127),
    -1,
  )
})

await t.test('what is imported is asked for as ever', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'osctl-'))
  t.teardown(() => rmSync(directory, { recursive: true }))
  const script = join(directory, 'script.mjs')
  writeFileSync(script, 'await 1\nexport default (_daemon, word) => console.log(word)\n')
  t.equal(node(PROGRAM, 'script', script, 'told'), 'told\n')
})

await t.test('it is as good without', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'osctl-'))
  t.teardown(() => rmSync(directory, { recursive: true }))
  for (const name of ['osctl.cjs', 'main.cjs', 'import-file.cjs'])
    copyFileSync(join(built, name), join(directory, name))
  const cache = join(directory, 'main.cache')
  const run = (): string => node(join(directory, 'osctl.cjs'), 'ct', '--help')
  t.equal(run(), help, 'none')
  const real = readFileSync(join(built, 'main.cache'))
  for (const [what, bytes] of Object.entries({
    nothing: Buffer.alloc(0),
    'something else': randomBytes(4096),
    'half of it': real.subarray(0, real.length / 2),
  })) {
    writeFileSync(cache, bytes)
    t.equal(run(), help, what)
  }
  copyFileSync(join(built, 'main.cache'), cache)
  t.equal(run(), help, 'that of the same program')
  const program = join(directory, 'main.cjs')
  writeFileSync(program, `${readFileSync(program, 'latin1')}\n`)
  t.equal(run(), help, 'that of another program')
})
