// liblxc's log in a file of the embedder's; the reasons still come with the errors.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { LxcContainer, setLxcLog } from '../../../dist/lxc/index.js'
import { requires } from '../../helpers/requires.js'

const t = requires('liblxc')
const dir = t.testdir({ web1: { config: 'lxc.uts.name = web1\n' } })
const first = join(dir, 'first.log')
const second = join(dir, 'second.log')

setLxcLog(first, 'TRACE')
await using ct = await LxcContainer.open('web1', dir)
await t.rejects(ct.freeze(), { message: /Failed to freeze web1/ })
t.match(readFileSync(first, 'utf8'), /^lxc web1 \d+\.\d+ ERROR .*Failed to freeze web1$/m)
t.match(readFileSync(first, 'utf8'), /TRACE/, 'the level that was asked for')

setLxcLog(second)
const before = readFileSync(first, 'utf8')
await t.rejects(ct.freeze(), { message: /Failed to freeze web1/ })
t.equal(readFileSync(first, 'utf8'), before, 'nothing more goes to the first')
t.match(readFileSync(second, 'utf8'), /Failed to freeze web1/)

setLxcLog(null)
const { length } = readFileSync(second, 'utf8')
await t.rejects(ct.freeze(), { message: /Failed to freeze web1/ })
t.equal(readFileSync(second, 'utf8').length, length, 'back in memory')

const nowhere = join(dir, 'no/such/dir/log')
t.throws(
  () => {
    setLxcLog(nowhere)
  },
  { code: 'ENOENT', path: nowhere },
)
t.notOk(existsSync(join(dir, 'no')), 'no directory is made')
