// What the scan reports is what tar itself would unpack, in every format that tar writes.
import { execFileSync } from 'node:child_process'
import {
  linkSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { TarFaultError, TarScan, type TarEntry } from '../../../lib/image/tar-scan.js'
import { archive, entry, pax, scratch } from '../../helpers/image.js'

function scan(data: Buffer, chunk = data.length): TarEntry[] {
  const entries: TarEntry[] = []
  const scanning = new TarScan((found) => entries.push(found))
  for (let at = 0; at < data.length; at += chunk) scanning.push(data.subarray(at, at + chunk))
  scanning.end()
  return entries
}

function fault(data: Buffer): unknown {
  try {
    scan(data)
    return null
  } catch (error) {
    if (error instanceof TarFaultError) return error.fault
    throw error
  }
}

t.test('agrees with tar', async (t) => {
  const tree = scratch(t)
  const long = 'd'.repeat(120)
  mkdirSync(join(tree, 'a', long), { recursive: true })
  writeFileSync(join(tree, 'a', long, 'f'.repeat(120)), 'long')
  writeFileSync(join(tree, 'a/empty'), '')
  writeFileSync(join(tree, 'a/čaj 容器'), 'x'.repeat(513))
  linkSync(join(tree, 'a/empty'), join(tree, 'a/hard'))
  symlinkSync('/etc/passwd', join(tree, 'absolute'))
  symlinkSync(`a/${'l'.repeat(200)}`, join(tree, 'long-link'))
  execFileSync('mkfifo', [join(tree, 'fifo')])
  writeFileSync(join(tree, 'sparse'), 'begin')
  truncateSync(join(tree, 'sparse'), 3_000_000)
  writeFileSync(join(tree, 'sparse'), 'end', { flag: 'a' })
  for (let i = 0; i < 30; i++) {
    execFileSync(
      'dd',
      [`of=${join(tree, 'map')}`, 'bs=4k', `seek=${i * 3}`, 'count=1', 'conv=notrunc'],
      {
        input: Buffer.alloc(4096, 1),
        stdio: ['pipe', 'ignore', 'ignore'],
      },
    )
  }
  const sparse = ['0.0', '0.1', '1.0'].map((v) => ['posix', '--sparse', `--sparse-version=${v}`])
  for (const [format = '', ...more] of [
    ['gnu'],
    ['posix'],
    ['gnu', '--sparse'],
    ['oldgnu'],
    ...sparse,
  ]) {
    const file = join(scratch(t), 'x.tar')
    execFileSync('tar', ['-cf', file, `--format=${format}`, ...more, '-C', tree, '.'])
    const wanted = execFileSync('tar', ['-tf', file, '--quoting-style=literal'], {
      encoding: 'latin1',
    })
    const data = readFileSync(file)
    for (const chunk of [data.length, 10_240, 777]) {
      const names = scan(data, chunk).map((found) => found.name)
      t.strictSame(names, wanted.trimEnd().split('\n'), `${format} ${more.join(' ')} by ${chunk}`)
    }
  }
  for (const format of ['v7', 'ustar']) {
    const file = join(scratch(t), 'x.tar')
    execFileSync('tar', [
      '-cf',
      file,
      `--format=${format}`,
      '-C',
      tree,
      'a/empty',
      'a/hard',
      'absolute',
    ])
    t.strictSame(
      scan(readFileSync(file)).map(({ type, name, link }) => [type, name, link]),
      [
        ['file', 'a/empty', ''],
        ['link', 'a/hard', 'a/empty'],
        ['symlink', 'absolute', '/etc/passwd'],
      ],
    )
  }
})

t.test('any cut is noticed', async (t) => {
  const whole = archive(
    entry({ name: 'file', data: 'x'.repeat(600) }),
    pax({ path: 'other' }),
    entry({ name: 'short', data: 'y' }),
  )
  t.equal(scan(whole, 1).length, 2)
  // One zero block ends an archive, so the second may be missing.
  for (let length = 1; length < whole.length - 512; length += 1) {
    const type = (fault(whole.subarray(0, length)) as { type: string }).type
    if (type !== (length < 512 ? 'format' : 'corrupt')) t.fail(`cut at ${length}: ${type}`)
  }
  t.equal(fault(whole.subarray(0, whole.length - 512)), null)
})

t.test('what is unclear is refused', async (t) => {
  const file = entry({ name: 'file', data: 'x' })
  const ambiguous = (name: string): unknown => ({ type: 'entry', name, reason: 'ambiguous' })
  t.strictSame(
    fault(archive(entry({ name: 'l', type: '1', link: 'f', data: file }))),
    ambiguous('l'),
  )
  t.strictSame(fault(archive(entry({ name: 'd', type: '5', data: file }))), ambiguous('d'))
  t.match(fault(archive(pax({ path: '/etc/x' }, 'g'), file)), { reason: 'ambiguous' })
  t.match(fault(archive(pax({ size: '0x10' }), file)), { reason: 'ambiguous' })
  t.match(fault(archive(pax({ path: 'a\0b' }), file)), { reason: 'ambiguous' })
  t.match(fault(archive(pax({ path: 'a' }), pax({ path: 'b' }), file)), { reason: 'ambiguous' })
  t.match(fault(archive(entry({ type: 'L', data: 'a\0' }), pax({ path: 'b' }), file)), {
    reason: 'ambiguous',
  })
  for (const type of ['D', 'M', 'V', 'N', 'X', 'A', 'Z']) {
    t.strictSame(fault(archive(entry({ name: 'n', type }))), {
      type: 'entry',
      name: 'n',
      reason: 'unknown-type',
    })
  }
  t.match(fault(Buffer.concat([archive(file), file])), { type: 'corrupt' }, 'data after the end')
  t.match(fault(archive(file, entry({ type: 'x', data: 'nonsense' }), file)), { type: 'corrupt' })
  t.match(fault(archive(file, pax({ path: 'x' }))), { type: 'corrupt' })
  t.match(fault(archive(entry({ type: 'L', size: 2 ** 30 }), file)), { type: 'header' })
  const damaged = Buffer.from(archive(file, file))
  damaged[1024] = 0x7f
  t.match(fault(damaged), { type: 'corrupt' })
})

t.test('what is no archive', async (t) => {
  t.match(fault(Buffer.alloc(0)), { type: 'format' })
  t.match(fault(Buffer.from('BZh91AY&SY'.padEnd(2000, 'x'))), { type: 'format' })
  t.match(fault(Buffer.alloc(4096, 0xff)), { type: 'format' })
  t.match(fault(entry({ name: 'x', magic: 'other\x0000' })), { type: 'format' })
})
