// The manual page of osctl is one that man(1) can show.
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { requires } from '../helpers/requires.js'

const t = requires('groff')
const run = promisify(execFile)

const { stdout, stderr } = await run('groff', ['-man', '-ww', '-Tascii', 'share/man/man8/osctl.8'])
t.equal(stderr, '')
// eslint-disable-next-line no-control-regex -- what makes it bold
const plain = stdout.replace(/\x1b\[\d*m|.\x08/g, '')
t.match(plain, /osctl ct start \[options\] ID\n/)
t.match(plain, /-w, --wait SECONDS\n/)
t.notMatch(plain, /osctld\(8\)/, 'there is no such page')
