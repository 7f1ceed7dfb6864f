// A file of a pool, which may be from elsewhere: what is no regular file is not opened. A link leads root to files of
// the host, a FIFO keeps who opens it waiting, and some devices do something by being opened.

import { close, constants, lstat, lstatSync, open, read, type Dirent, type Stats } from 'node:fs'
import { open as openHandle, readdir, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { ConfigBrokenError } from '../host/errors.js'

/** Bytes of a file that is read as a whole; those that this library writes come nowhere near. */
const MAX_FILE = 2 ** 20
const CHUNK = 64 * 1024

// Of thousands of files, those of `node:fs/promises` take twice as long.
const look = promisify<string, Stats>(lstat)
const openDescriptor = promisify<string, number, number>(open)
const readDescriptor = promisify(read)
const closeDescriptor = promisify(close)

const { O_RDONLY, O_CREAT, O_NOFOLLOW, O_NONBLOCK } = constants

/**
 * @param flags as open(2) has them
 * @throws ConfigBrokenError for what is no regular file, or the system's error
 */
export async function openFile(path: string, flags = O_RDONLY, mode?: number): Promise<FileHandle> {
  const found = await look(path).catch((error: unknown) => {
    if ((flags & O_CREAT) === 0) throw error
    return nullWhenMissing(error)
  })
  if (found !== null) assertRegular(path, found)
  return await openHandle(path, flags | O_NOFOLLOW | O_NONBLOCK, mode)
}

/**
 * All of its text.
 *
 * @param most bytes that it may have
 * @throws ConfigBrokenError for what is no regular file, or is longer; or the system's error
 */
export async function readFile(path: string, most = MAX_FILE): Promise<string> {
  const found = await look(path)
  assertRegular(path, found)
  if (found.size > most) throw tooLong(path, most)
  const fd = await openDescriptor(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
  try {
    return await textOf(fd, path, found.size + 1, most)
  } finally {
    await closeDescriptor(fd)
  }
}

/** @param first bytes to ask for: one more than it has, as less than was asked for is the end of it */
async function textOf(fd: number, path: string, first: number, most: number): Promise<string> {
  const chunks: Buffer[] = []
  let length = 0
  // Another one may have taken its place meanwhile.
  for (let room = first; ; room = CHUNK) {
    const { buffer, bytesRead } = await readDescriptor(fd, Buffer.allocUnsafe(room), 0, room, null)
    chunks.push(buffer.subarray(0, bytesRead))
    length += bytesRead
    if (length > most) throw tooLong(path, most)
    if (bytesRead < room) break
  }
  return Buffer.concat(chunks).toString('utf8')
}

/**
 * For one that somebody else is about to open. Not there is fine.
 *
 * @throws ConfigBrokenError for what is no regular file
 */
export function assertFile(path: string): void {
  // In one go: on the way of a start, a turn of the thread pool takes ten times as long.
  const found = lstatSync(path, { throwIfNoEntry: false })
  if (found !== undefined) assertRegular(path, found)
}

/**
 * What is there of them must be directories, and no links to some. For those within another one, that as well.
 *
 * @throws ConfigBrokenError
 */
export async function assertDirectories(paths: readonly string[]): Promise<void> {
  await Promise.all(
    paths.map(async (path) => {
      const found = await look(path).catch(nullWhenMissing)
      if (found !== null) assertDirectory(path, found)
    }),
  )
}

/**
 * The same for one and some that it may have in it: of thousands, that takes half as long.
 *
 * @throws ConfigBrokenError
 */
export async function assertTree(path: string, names: readonly string[]): Promise<void> {
  const found = await look(path).catch(nullWhenMissing)
  if (found === null) return
  assertDirectory(path, found)
  for (const entry of await readdir(path, { withFileTypes: true })) {
    if (names.includes(entry.name)) assertDirectory(join(path, entry.name), entry)
  }
}

function assertDirectory(path: string, found: Stats | Dirent): void {
  if (found.isDirectory()) return
  throw new ConfigBrokenError(path, whatInstead(found, 'directory'), null, null)
}

function assertRegular(path: string, found: Stats): void {
  if (found.isFile()) return
  throw new ConfigBrokenError(path, whatInstead(found, 'regular file'), null, null)
}

function whatInstead(found: Stats | Dirent, wanted: string): string {
  return found.isSymbolicLink()
    ? `is a link, which is not followed in a pool: have the ${wanted} itself there`
    : `is no ${wanted}`
}

function tooLong(path: string, most: number): ConfigBrokenError {
  return new ConfigBrokenError(path, `is longer than ${most} bytes`, null, null)
}

/** For the end of a promise. */
export function nullWhenMissing(error: unknown): null {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
  throw error
}
