// Images that are none, or reach out of their tree: refused, and nothing of them stays.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { join } from 'node:path'
import {
  ImageCorruptError,
  ImageDigestError,
  ImageEntryError,
  ImageFormatError,
  ImageLimitError,
  ImageSourceError,
  InvalidArgumentError,
} from 'vpsadminos'
import { archive, entry } from '../helpers/image.js'
import { requires } from '../helpers/requires.js'
import { busyboxArchive, importBusybox, systemHost, testDirectory } from '../helpers/system.js'
import { refused } from '../helpers/unchanged.js'

const t = requires('root', 'userns', 'liblxc', 'busybox', 'tar')

const host = await systemHost(t)
await importBusybox(t, host)
const directory = testDirectory(t)
const whole = readFileSync(await busyboxArchive(t))
const outside = join(directory, 'must-not-appear')

const name = { distribution: 'bad', version: '1' }
/** Staging directories come and go. */
const stays = { times: false }

/** An import of a file with that content. */
function content(data: Buffer, more: object = {}): () => Promise<unknown> {
  return () => {
    const path = join(directory, 'image')
    writeFileSync(path, data)
    return host.images.import({ path, ...name, ...more })
  }
}
const tree = (...parts: Buffer[]): (() => Promise<unknown>) =>
  content(archive(entry({ name: './', type: '5', mode: 0o755 }), ...parts))

await t.test('nothing to import', async (t) => {
  const path = (path: string) => () => host.images.import({ path, ...name })
  await refused(
    t,
    host,
    ImageSourceError,
    { code: 'ERR_IMAGE_SOURCE' },
    {
      'a file that is not there': path(join(directory, 'none.tar')),
      'a file below a file': path('/etc/passwd/image.tar'),
      'a device': path('/dev/zero'),
    },
    stays,
  )
  await refused(
    t,
    host,
    InvalidArgumentError,
    { code: 'ERR_INVALID_ARGUMENT' },
    {
      'an empty path': path(''),
      'a path with NUL': path('/tmp/a\0b'),
      'a distribution that climbs': () =>
        host.images.import({ path: directory, distribution: '../x', version: '1' }),
    },
  )
})

await t.test('no archive, or not all of it', async (t) => {
  await refused(
    t,
    host,
    ImageFormatError,
    { code: 'ERR_IMAGE_FORMAT' },
    {
      empty: content(Buffer.alloc(0)),
      text: content(Buffer.from('this is no archive\n'.repeat(1000))),
      'compressed text': content(gzipSync('neither is this\n'.repeat(1000))),
    },
    stays,
  )
  const compressed = gzipSync(whole)
  const damaged = Buffer.from(compressed)
  damaged.writeUInt32LE(0x12345678, damaged.length >> 1)
  await refused(
    t,
    host,
    ImageCorruptError,
    { code: 'ERR_IMAGE_CORRUPT' },
    {
      'cut in the middle': content(whole.subarray(0, whole.length >> 1)),
      'compressed and cut': content(compressed.subarray(0, compressed.length >> 1)),
      'compressed and damaged': content(damaged),
    },
    stays,
  )
  await refused(
    t,
    host,
    ImageDigestError,
    { code: 'ERR_IMAGE_DIGEST' },
    { 'another one': content(whole, { digest: '0'.repeat(64) }) },
    stays,
  )
  await refused(
    t,
    host,
    ImageLimitError,
    { code: 'ERR_IMAGE_LIMIT' },
    { 'too many entries': content(whole, { maxEntries: 10 }) },
    stays,
  )
})

await t.test('archives that reach out of their tree', async (t) => {
  const dev = entry({ name: 'dev', type: '5', mode: 0o755 })
  const cases: Record<string, Record<string, () => Promise<unknown>>> = {
    'absolute-path': { 'an absolute path': tree(entry({ name: outside, data: 'x' })) },
    'parent-path': {
      'a path upwards': tree(entry({ name: '../../must-not-appear', data: 'x' })),
      'a path upwards inside': tree(entry({ name: 'a/../../x', data: 'x' })),
    },
    'link-outside': {
      'a symbolic link upwards': tree(entry({ name: 'x', type: '2', link: '../../etc/passwd' })),
      'a hard link upwards': tree(entry({ name: 'x', type: '1', link: '../../etc/passwd' })),
      'an absolute hard link': tree(entry({ name: 'x', type: '1', link: '/etc/passwd' })),
    },
    'not-beneath-directory': {
      'a file through a link': tree(
        entry({ name: 'way', type: '2', link: directory }),
        entry({ name: 'way/must-not-appear', data: 'x' }),
      ),
    },
    'device-outside-dev': {
      'a device in /etc': tree(entry({ name: 'etc/mem', type: '3', mode: 0o666 })),
      'a disk in the root': tree(entry({ name: 'sda', type: '4' })),
      'a device beside dev': tree(dev, entry({ name: 'dev2/null', type: '3' })),
    },
  }
  for (const [reason, attempts] of Object.entries(cases)) {
    const fields = { code: 'ERR_IMAGE_ENTRY', reason }
    await refused(t, host, ImageEntryError, fields, attempts, stays)
  }
  t.notOk(existsSync(outside))
})

await t.test('the good one is still good', async (t) => {
  const ct = await host.containers.create({ id: 'good', image: { distribution: 'busybox' } })
  await ct.start()
  t.equal((await ct.exec(['true'])).exitCode, 0)
  t.match(await ct.delete({ force: true }), { leftovers: [] })
})
