// A pipe for the kernel: two descriptors that no other program inherits, and that are the caller's.
import { closeSync, fstatSync, readFileSync, readSync, writeSync } from 'node:fs'
import t from 'tap'
import { native } from '#native'

t.test('what is written at one end is read at the other', (t) => {
  const { read, write } = native.zfs.pipe()
  t.ok(fstatSync(read).isFIFO())
  writeSync(write, 'abc')
  closeSync(write)
  const bytes = Buffer.alloc(8)
  t.equal(readSync(read, bytes), 3)
  t.equal(readSync(read, bytes), 0, 'its end')
  closeSync(read)
  t.end()
})

t.test('programs do not inherit it, and it blocks', (t) => {
  const { read, write } = native.zfs.pipe()
  for (const fd of [read, write]) {
    const flags = /^flags:\s*([0-7]+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))
    const bits = Number.parseInt(flags?.[1] ?? '', 8)
    t.equal(bits & 0o2000000, 0o2000000, 'O_CLOEXEC')
    t.equal(bits & 0o4000, 0, 'no O_NONBLOCK')
    closeSync(fd)
  }
  t.end()
})
