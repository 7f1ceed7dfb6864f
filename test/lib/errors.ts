// Errors look like Node's, also for numbers that Node has no name for.
import { constants } from 'node:os'
import { readFileSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { getSystemErrorName } from 'node:util'
import t from 'tap'
import { describeErrno } from '../../dist/errno.js'
import {
  ClosedError,
  LibraryMissingError,
  SystemError,
  errorCodes,
  traced,
} from '../../dist/errors.js'

t.test('a SystemError beside what node:fs throws', (t) => {
  let theirs: NodeJS.ErrnoException | null = null
  try {
    statSync('/no/such')
  } catch (error) {
    theirs = error as NodeJS.ErrnoException
  }
  const ours = new SystemError(constants.errno.ENOENT, 'stat', '/no/such')
  t.equal(ours.message, theirs?.message)
  t.match(theirs, { code: ours.code, errno: ours.errno, syscall: ours.syscall, path: ours.path })
  t.equal(getSystemErrorName(ours.errno), 'ENOENT')
  t.equal(String(ours), `SystemError: ${ours.message}`)
  t.notOk('path' in new SystemError(1, 'setns'), 'no path where there is none')
  t.end()
})

t.test('numbers that libuv does not know', (t) => {
  for (const [errnum, code] of [
    [10, 'ECHILD'],
    [52, 'ECKSUM'],
    [116, 'ESTALE'],
    [117, 'EUCLEAN'],
    [122, 'EDQUOT'],
    [123, 'ENOMEDIUM'],
    [999, 'ERRNO_999'],
  ] as const) {
    t.equal(new SystemError(errnum, 'x').code, code)
  }
  const names = Object.entries(constants.errno)
  t.strictSame(
    names
      .filter(([, errnum]) => describeErrno(errnum)[0].startsWith('ERRNO_'))
      .map(([name]) => name),
    ['EDOM', 'ENOSR', 'ENOSTR'],
    'all that Node knows have a name, but those of mathematics and streams',
  )
  t.end()
})

t.test('library errors have a code and what it is about', (t) => {
  t.match(new LibraryMissingError('libx.so.1', 'not there'), {
    name: 'LibraryMissingError',
    code: 'ERR_LIBRARY_MISSING',
    soname: 'libx.so.1',
    message: 'libx.so.1 cannot be used: not there',
  })
  t.match(new ClosedError('pool tank'), { code: 'ERR_CLOSED', message: 'pool tank is closed' })
  for (const [code, meaning] of Object.entries(errorCodes)) {
    t.match(code, /^ERR_[A-Z_]+$/)
    t.match(meaning, /^[A-Za-z].*[^.]$/, `${code} has a meaning, without a full stop`)
  }
  t.end()
})

t.test('the table has every code that the sources have', (t) => {
  const root = new URL('../../', import.meta.url).pathname
  const sources = ['lib', 'native/keeper'].flatMap((dir) =>
    readdirSync(join(root, dir), { recursive: true, encoding: 'utf8' })
      .filter((file) => /\.(ts|cc|h)$/.test(file))
      .map((file) => readFileSync(join(root, dir, file), 'utf8')),
  )
  // A literal in quotes. ERR_LXC_<VERB> is put together, so the table may have more.
  const used = new Set(
    sources.flatMap((text) => text.match(/(?<=['"`])ERR_[A-Z_]*[A-Z](?=['"`])/g) ?? []),
  )
  // Those of Node's streams, scripts and HTTP are its own.
  const ours = [...used].filter((code) => !/^ERR_(STREAM|SCRIPT|HTTP)_/.test(code))
  const unknown = ours.filter((code) => !(code in errorCodes))
  t.strictSame(unknown, [])
  t.end()
})

t.test('traced() gives the stack of who awaits', async (t) => {
  const error = new SystemError(2, 'stat', '/x')
  error.stack = 'of the native side'
  async function caller(): Promise<void> {
    await traced(new Promise((_, reject) => setImmediate(reject, error)))
  }
  await t.rejects(caller(), error)
  t.match(error.stack, /^SystemError: ENOENT.*\n +at async caller /)
  await t.rejects(traced(Promise.reject(new RangeError('x'))), RangeError, 'of any class')
  t.equal(await traced(Promise.resolve(1)), 1)
})
