// Calls with a descriptor: the caller may close it at once, and what they have is gone with them.
import { closeSync, openSync, readSync, writeSync } from 'node:fs'
import t from 'tap'
import { native } from '#native'
import { held, nothingLeft } from '../../helpers/stream-leaks.js'

// Any machine has it missing, so that the calls end at once.
process.env['VPSADMINOS_LIBZFS_CORE'] = '/no/such/libzfs_core.so.3'
const { zfs } = native
const flags = { largeBlocks: false, embedded: false, compressed: false, raw: false }
const options = { origin: null, force: false, resumable: false }
const missing = { code: 'ERR_LIBRARY_MISSING' }

t.test('their threads and copies of descriptors end', async (t) => {
  const fd = openSync('/dev/null', 'r+')
  await t.rejects(zfs.exists('tank'), missing)
  const before = held()
  const calls = Array.from({ length: 50 }, (_, i) =>
    i % 2 === 0 ? zfs.send('tank/a@s', null, fd, flags, null) : zfs.receive('a@s', [], options, fd),
  )
  await Promise.all(calls.map((call) => t.rejects(call, missing)))
  await nothingLeft(t, before)
  closeSync(fd)
})

t.test('a descriptor that is none', async (t) => {
  const before = held()
  const expected = { name: 'ZfsError', code: 'EBADF', syscall: 'fcntl', path: 'tank/a@s' }
  await t.rejects(zfs.send('tank/a@s', null, 12345, flags, null), expected)
  await t.rejects(zfs.receive('tank/a@s', [], options, 2 ** 31 - 1), expected)
  await nothingLeft(t, before)
})

t.test('the copy is closed when the promise is settled', async (t) => {
  for (let i = 0; i < 50; i++) {
    const { read, write } = zfs.pipe()
    const sent = zfs.send('tank/a@s', null, write, flags, null)
    closeSync(write)
    await t.rejects(sent, missing)
    t.equal(readSync(read, Buffer.alloc(1)), 0, 'its end')
    closeSync(read)
  }
  const { read, write } = zfs.pipe()
  const received = zfs.receive('tank/a@s', [], options, read)
  closeSync(read)
  await t.rejects(received, missing)
  t.throws(() => writeSync(write, 'x'), { code: 'EPIPE' })
  closeSync(write)
})
