// What the README says is so: its first program runs, and the table of error codes that it leads to is complete.
import { execFile } from 'node:child_process'
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import * as vpsadminos from 'vpsadminos'
import { debianImage } from './helpers/debian.js'
import { scratch } from './helpers/image.js'
import { requires } from './helpers/requires.js'

const t = requires('root', 'userns', 'liblxc', 'mmdebstrap', 'tar', 'zstd')
const run = promisify(execFile)

t.test('the first program', async (t) => {
  const program = /```js\n([^]*?)```/.exec(readFileSync('README.md', 'utf8'))?.[1] ?? ''
  t.ok(program.trimEnd().split('\n').length <= 15, 'fifteen lines')
  const project = scratch(t)
  mkdirSync(join(project, 'node_modules'))
  symlinkSync(process.cwd(), join(project, 'node_modules/vpsadminos'))
  symlinkSync(await debianImage('bookworm'), join(project, 'debian.tar.zst'))
  writeFileSync(join(project, 'main.mjs'), program)
  const { stdout, stderr } = await run(process.execPath, ['main.mjs'], { cwd: project })
  t.match(stdout, /^init is process \d+, systemd is running$/m)
  t.equal(stderr, '')
})

t.test('the table of error codes', async (t) => {
  await t.resolves(run(process.execPath, ['scripts/error-table.js', '--check']))
})

t.test('every class of errors has its code in the list', async (t) => {
  const listed = Object.keys(vpsadminos.errorCodes)
  const classes = Object.entries(vpsadminos).filter(
    ([name, value]) => name.endsWith('Error') && typeof value === 'function',
  )
  t.ok(classes.length > 30)
  for (const [name, value] of classes) {
    // The code is a field: it can be read from an instance only.
    const code = /\bcode = '(ERR_[A-Z_]+)'/.exec((value as () => void).toString())?.[1]
    if (code !== undefined) t.ok(listed.includes(code), `${name}: ${code}`)
  }
})
