// Tells how a file is compressed by its first bytes, and decompresses it as a stream.

import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { ImageCorruptError } from './errors.js'
import { Program } from './program.js'

export type Compression = 'none' | 'gzip' | 'xz' | 'zstd'

const magics: readonly (readonly [Compression, Buffer])[] = [
  ['gzip', Buffer.from('1f8b', 'hex')],
  ['xz', Buffer.from('fd377a585a00', 'hex')],
  ['zstd', Buffer.from('28b52ffd', 'hex')],
]

export function detectCompression(start: Buffer): Compression {
  const known = magics.find(([, magic]) => start.subarray(0, magic.length).equals(magic))
  return known?.[0] ?? 'none'
}

/**
 * @param path names the file in errors
 * @throws ImageCorruptError, ImageToolMissingError
 */
export function decompress(
  source: AsyncIterable<Buffer>,
  compression: Compression,
  path: string,
): AsyncIterable<Buffer> {
  switch (compression) {
    case 'none':
      return source
    case 'gzip':
      return gunzip(source, path)
    // A limit, because the archive says how much memory it wants to be unpacked with.
    case 'xz':
      return filter(source, 'xz', ['-dc', '--memlimit-decompress=1GiB'], path)
    case 'zstd':
      return filter(source, 'zstd', ['-dcq', '--memory=1024MB'], path)
  }
}

async function* gunzip(source: AsyncIterable<Buffer>, path: string): AsyncGenerator<Buffer> {
  const stream = createGunzip()
  const fed = pipeline(source, stream)
  // The loop below throws the same.
  fed.catch(() => undefined)
  try {
    for await (const chunk of stream) yield chunk as Buffer
    await fed
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    if (code === 'ERR_STREAM_PREMATURE_CLOSE') {
      throw new ImageCorruptError(path, 'there is data after the end', { cause: error })
    }
    if (!(error instanceof Error) || !code.startsWith('Z_')) throw error
    throw new ImageCorruptError(path, error.message, { cause: error })
  }
}

async function* filter(
  source: AsyncIterable<Buffer>,
  name: 'xz' | 'zstd',
  args: readonly string[],
  path: string,
): AsyncGenerator<Buffer> {
  await using program = await Program.start(name, args)
  const fed = feed(source, program)
  fed.catch(() => undefined)
  for await (const chunk of program.stdout) yield chunk as Buffer
  await fed
  if ((await program.finish()) !== 0) throw new ImageCorruptError(path, program.complaint)
}

async function feed(source: AsyncIterable<Buffer>, program: Program): Promise<void> {
  for await (const chunk of source) if (!(await program.write(chunk))) break
  void program.finish()
}
