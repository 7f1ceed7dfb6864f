// Why an image could not be imported: one class and one literal code each.

import { EngineError } from '../host/errors.js'

/** There is nothing at the path that an image could be made from. */
export class ImageSourceError extends EngineError {
  readonly code = 'ERR_IMAGE_SOURCE'
  constructor(
    readonly path: string,
    readonly reason: string,
    options?: ErrorOptions,
  ) {
    super(`image '${path}': ${reason}`, options)
  }
}

/** The file is no tar archive, in none of the compressions that are known. */
export class ImageFormatError extends EngineError {
  readonly code = 'ERR_IMAGE_FORMAT'
  constructor(
    readonly path: string,
    readonly reason: string,
  ) {
    super(`image '${path}': ${reason}`)
  }
}

/** The archive began well but is truncated or damaged. */
export class ImageCorruptError extends EngineError {
  readonly code = 'ERR_IMAGE_CORRUPT'
  constructor(
    readonly path: string,
    readonly reason: string,
    options?: ErrorOptions,
  ) {
    super(`image '${path}': ${reason}`, options)
  }
}

/** What is wrong with an entry; {@link ImageEntryError.reason}. */
export const entryReasons = {
  'absolute-path': 'its path is absolute',
  'parent-path': "its path has '..' in it",
  'bad-name': 'its name is empty, too long or not a name',
  'not-beneath-directory': 'its path leads through something that is no directory',
  duplicate: 'it is there twice',
  'link-outside': 'the link leads out of the tree',
  'link-target': 'the hard link is to nothing that came before it',
  'device-outside-dev': 'device nodes are allowed in dev/ only',
  'unknown-type': 'things of its type cannot be in an image',
  ambiguous: 'programs could disagree on what it means',
} as const
export type EntryReason = keyof typeof entryReasons

/** An entry of the archive is not allowed in an image. */
export class ImageEntryError extends EngineError {
  readonly code = 'ERR_IMAGE_ENTRY'
  constructor(
    readonly path: string,
    readonly entry: string,
    readonly reason: EntryReason,
  ) {
    super(`image '${path}': entry '${entry}': ${entryReasons[reason]}`)
  }
}

/** The archive holds more than was allowed. */
export class ImageLimitError extends EngineError {
  readonly code = 'ERR_IMAGE_LIMIT'
  constructor(
    readonly path: string,
    readonly limit: 'entries' | 'size' | 'header' | 'names',
    readonly allowed: number,
  ) {
    super(
      `image '${path}': more than ${allowed} ${limit === 'entries' ? 'entries' : `bytes of ${limit}`}`,
    )
  }
}

/** The archive is whole, but not the one that was asked for. */
export class ImageDigestError extends EngineError {
  readonly code = 'ERR_IMAGE_DIGEST'
  constructor(
    readonly path: string,
    readonly expected: string,
    readonly actual: string,
  ) {
    super(`image '${path}' has SHA-256 ${actual}, expected ${expected}`)
  }
}

/** A program that unpacks archives is not installed. */
export class ImageToolMissingError extends EngineError {
  readonly code = 'ERR_IMAGE_TOOL_MISSING'
  constructor(
    readonly program: string,
    /** The package that has it on Debian. */
    readonly debianPackage: string,
  ) {
    super(`'${program}' is needed to unpack the image: install package '${debianPackage}'`)
  }
}
